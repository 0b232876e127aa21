#compdef meridian
# Completes commands, flags and fields of meridian in zsh.
_meridian() {
	local -a plain open
	local word about
	while IFS=$'\t' read -r word about; do
		if [[ $word == *= ]]; then
			open+=("${word//:/\\:}:$about")
		else
			plain+=("${word//:/\\:}:$about")
		fi
	done < <(meridian complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)
	(( $#plain )) && _describe meridian plain
	(( $#open )) && _describe meridian open -S ''
}
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
compdef _meridian meridian
