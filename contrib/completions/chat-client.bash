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
	--color) COMPREPLY=($(compgen -W "auto always never" -- "$cur")) ;;
	--ca | --cert | --key | --password-file) COMPREPLY=($(compgen -f -- "$cur")) ;;
	-a | --account | -c | --channel | -n | --nick | -p | --port | -H | --history | --pin | --time) ;;
	*)
		case $cur in
		-*)
			COMPREPLY=($(compgen -W "--account= --bell= --channel= --color= --help --history= --json --nick= --pin= --ca= --cert= --key= \
				--password-file= --port= --tail --time= --tls --version --wait" -- "$cur"))
			[[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace
			;;
		/*) COMPREPLY=($(compgen -f -- "$cur")) ;;
		*) COMPREPLY=($(compgen -A hostname -- "$cur")) ;;
		esac
		;;
	esac
}
complete -F _chat_client chat-client
