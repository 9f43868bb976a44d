function __chat_client_names
	set -l config $HOME/.config
	set -q XDG_CONFIG_HOME; and set config $XDG_CONFIG_HOME
	string replace -rf '^\s*\[([^]]*)\].*' '$1' <$config/chat-client/config 2>/dev/null
end

complete -c chat-client -f -a '(__chat_client_names) (__fish_print_hostnames)'
complete -c chat-client -s c -l channel -x -d 'Enter this channel'
complete -c chat-client -s n -l nick -x -d 'The name to go by'
complete -c chat-client -s p -l port -x -d 'The port'
complete -c chat-client -s a -l account -x -d 'Log in to this account'
complete -c chat-client -l password-file -r -d 'File with the password'
complete -c chat-client -l token-file -r -d 'File with a token'
complete -c chat-client -s s -l tls -d 'Encrypt'
complete -c chat-client -l ca -r -d 'File of certificates that are trusted'
complete -c chat-client -l cert -r -d 'Certificate to show'
complete -c chat-client -l key -r -d 'Its key'
complete -c chat-client -l pin -x -d 'The key that the server must have'
complete -c chat-client -s S -l server -x -a '(__chat_client_names)' -d 'Do as this part of the configuration says'
complete -c chat-client -l config -r -d 'The configuration'
complete -c chat-client -l user -x -d 'The user name to give'
complete -c chat-client -l joins -x -a 'yes no' -d 'Print who comes and goes'
complete -c chat-client -l ignore -x -d 'Print nothing of somebody'
complete -c chat-client -l mute -x -d 'No bell for this channel or nick'
complete -c chat-client -s w -l wait -d 'Go on printing after standard input has ended'
complete -c chat-client -s t -l tail -d 'Print for ever what is said'
complete -c chat-client -s H -l history -x -d 'Print the last lines'
complete -c chat-client -s j -l json -d 'Print one object per message'
complete -c chat-client -l time -x -d 'What stands in front of lines'
complete -c chat-client -l bell -x -a 'off mention all' -d 'When to ring'
complete -c chat-client -l color -x -a 'auto always never' -d 'When to paint'
complete -c chat-client -s h -l help -d 'Print a summary'
complete -c chat-client -s V -l version -d 'Print the version'
