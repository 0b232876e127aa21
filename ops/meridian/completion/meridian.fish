# Completes commands, flags and fields of meridian in fish.
complete -c meridian -f -a '(meridian complete -- (commandline -opc)[2..] (commandline -ct))'
