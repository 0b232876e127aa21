# Completes commands, flags and fields of meridian in bash.
_meridian() {
	# Words, not bash's own division of them, which parts name=value.
	local line=${COMP_LINE:0:COMP_POINT} words
	read -ra words <<<"$line"
	[[ $line == *" " ]] && words+=("")
	local last=${words[${#words[@]}-1]}
	mapfile -t COMPREPLY < <(meridian complete -- "${words[@]:1}" 2>/dev/null | cut -f1)
	# bash replaces what follows the last = or : only.
	if [[ $last == *[=:]* && $COMP_WORDBREAKS == *=* ]]; then
		local head=${last%"${last##*[=:]}"}
		COMPREPLY=("${COMPREPLY[@]#"$head"}")
	fi
	[[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace
}
complete -F _meridian meridian
