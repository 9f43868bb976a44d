_chat_client_names()
{
	sed -n 's/^[[:space:]]*\[\([^]]*\)\].*/\1/p' "${XDG_CONFIG_HOME:-$HOME/.config}/chat-client/config" 2>/dev/null
}

_chat_client()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}

	if [ "$cur" = = ]; then
		cur=
	elif [ "$prev" = = ]; then
		prev=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	case $prev in
	--bell) COMPREPLY=($(compgen -W "off mention all" -- "$cur")) ;;
	--joins) COMPREPLY=($(compgen -W "yes no" -- "$cur")) ;;
	-S | --server) COMPREPLY=($(compgen -W "$(_chat_client_names)" -- "$cur")) ;;
	--color) COMPREPLY=($(compgen -W "auto always never" -- "$cur")) ;;
	--ca | --cert | --config | --key | --password-file | --token-file) COMPREPLY=($(compgen -f -- "$cur")) ;;
	-a | --account | -c | --channel | -n | --nick | -p | --port | -H | --history | --pin | --time | --user | --ignore | --mute) ;;
	*)
		case $cur in
		-*)
			COMPREPLY=($(compgen -W "--account= --config= --ignore= --joins= --mute= --server= --user= --bell= --channel= --color= --help --history= --json --nick= --pin= --ca= --cert= --key= \
				--password-file= --token-file= --port= --tail --time= --tls --version --wait" -- "$cur"))
			[[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace
			;;
		/*) COMPREPLY=($(compgen -f -- "$cur")) ;;
		*) COMPREPLY=($(compgen -A hostname -W "$(_chat_client_names)" -- "$cur")) ;;
		esac
		;;
	esac
}
complete -F _chat_client chat-client
