#include "command/help_topics.h"

#include "base/str.h"
#include "session/language.h"

static const struct help_topic topics[] = {
	{"ADMIN", "ADMIN [<server>]", N_("Tells who runs this server.\n")},
	{"AUTHENTICATE", "AUTHENTICATE <mechanism|*|part>",
	 N_("Logs in to an account, as SASL has it: PLAIN, SCRAM-SHA-256, EXTERNAL, OAUTHBEARER.\n"
	    "Clients do this by themselves. With * it is given up.\n")},
	{"AWAY", "AWAY [<text>]",
	 N_("Marks you as away; who writes to you is told the text.\n"
	    "Without a text you are back.\n")},
	{"BATCH", "BATCH <+name|-name> [<type> <target>]",
	 N_("Begins and ends a message of several lines. Clients do this by themselves.\n")},
	{"CAP", "CAP <LS|LIST|REQ|END> [<parameters>]",
	 N_("Negotiates capabilities between your client and the server.\n"
	    "Clients do this by themselves.\n")},
	{"CHANSERV", "CHANSERV <command> [<parameters>]",
	 N_("Registers channels and keeps their access lists, as ChanServ elsewhere. CHANSERV HELP lists its "
	    "commands.\n")},
	{"CHATHISTORY", "CHATHISTORY <LATEST|BEFORE|AFTER|AROUND> <channel|nick> <timestamp=time|msgid=id|*> <limit>",
	 N_("Shows what was said before. Clients do this by themselves; it needs the capability draft/chathistory.\n"
	    "  BETWEEN <channel|nick> <bound> <bound> <limit>, TARGETS <timestamp=time> <timestamp=time> <limit>\n"
	    "To others, /msg *playback PLAY <channel|nick|*> [<from> [<to>]] does the same; times are seconds since "
	    "1970.\n")},
	{"CHGHOST", "CHGHOST <nick> <host|->",
	 N_("Shows another host for somebody; -: the usual one. For operators; see VHOST.\n")},
	{"CS", "CS <command> [<parameters>]", N_("The same as CHANSERV.\n")},
	{"DEFCON", "DEFCON [<level>]",
	 N_("Sets the emergency level, from 5, as ever, to 1, the tightest; without one it shows them all. For "
	    "operators.\n")},
	{"DIE", "DIE [<reason>]", N_("Stops the server. For operators.\n")},
	{"DLINE", "DLINE [<duration>] <network> [<reason>]",
	 N_("Bans an address, or a network as 192.0.2.0/24: nobody comes in from there. For operators; see UBAN.\n"
	    "Without parameters it lists those bans.\n")},
	{"EDIT", "EDIT <channel|nick>",
	 N_("Gives a message that you sent another text. For clients: which message, and the text, stand in tags.\n")},
	{"ERROR", "ERROR <text>", N_("Accepted from clients, and ignored.\n")},
	{"FILTER", "FILTER <ADD|DEL|LIST|TEST> [<parameters>]",
	 N_("Filters of what people write. For operators.\n"
	    "  ADD <action> <targets> <duration> <reason> :<pattern>, DEL <number|pattern>, LIST [<mask>], TEST "
	    ":<text>\n"
	    "Actions: refuse, warn (operators are told), hide (the author alone hears it), kick, ban=<duration>.\n"
	    "Targets, by letters: c channels, p people, n notices, t topics, P and q last words, u who comes in, * "
	    "all.\n"
	    "The duration is how long the filter holds, 0 for good; '_' in the reason is a blank.\n"
	    "A pattern is /a regular expression/, or words, with * and ? in them.\n")},
	{"GLINE", "GLINE [<duration>] <mask|nick> [<reason>]", N_("The same as KLINE.\n")},
	{"GZLINE", "GZLINE [<duration>] <network> [<reason>]", N_("The same as DLINE.\n")},
	{"HELP", "HELP [<command>]",
	 N_("Explains a command.\n"
	    "Without one it lists all there is.\n")},
	{"HELPOP", "HELPOP [<command>]", N_("The same as HELP.\n")},
	{"HISTSERV", "HISTSERV <command> [<parameters>]",
	 N_("Shows and finds what was said before, and deletes what you said. HISTSERV HELP lists its commands.\n")},
	{"HOSTSERV", "HOSTSERV <command> [<parameters>]",
	 N_("Shows another host for people with an account, as HostServ elsewhere. HOSTSERV HELP lists its "
	    "commands.\n")},
	{"HS", "HS <command> [<parameters>]", N_("The same as HOSTSERV.\n")},
	{"INFO", "INFO [<server>]", N_("Tells what software this server runs and since when.\n")},
	{"INVITE", "INVITE [<nick> <channel>]",
	 N_("Invites somebody to a channel, which lets them in where +i keeps others out.\n"
	    "Without parameters it lists the channels that you are invited to.\n")},
	{"ISON", "ISON <nick>{ <nick>}", N_("Tells which of these people are here.\n")},
	{"ISUPPORT", "ISUPPORT", N_("Sends what the server supports (numeric 005) once more.\n")},
	{"JOIN", "JOIN <channel>{,<channel>} [<key>{,<key>}]",
	 N_("Enters channels, and makes those that are not there yet.\n"
	    "Keys are for channels with mode +k, in the same order.\n"
	    "JOIN 0 leaves all channels.\n")},
	{"KICK", "KICK <channel> <nick>{,<nick>} [<reason>]",
	 N_("Removes people from a channel.\n"
	    "You must be a channel operator, and not below them.\n")},
	{"KILL", "KILL <nick> [<reason>]", N_("Closes the connection of somebody. For operators.\n")},
	{"KLINE", "KLINE [<duration>] <mask|nick> [<reason>]",
	 N_("Bans nick!user@host, with * and ?, or the address of somebody who is here. For operators; see UBAN.\n"
	    "With '-' in front of the mask the ban is removed; without parameters they are listed.\n")},
	{"KNOCK", "KNOCK <channel> [<text>]",
	 N_("Asks to be let into a channel that one cannot just join; its operators hear it.\n")},
	{"LINKS", "LINKS [[<server>] <mask>]", N_("Lists the servers of the network.\n")},
	{"LIST", "LIST [<channel>{,<channel>}] [<condition>{,<condition>}]",
	 N_("Lists channels with the number of their members and their topics.\n"
	    "Conditions, which may stand alone:\n"
	    "  *word*, !*word*    the name matches, does not match\n"
	    "  >10, <10           more, less than ten members\n"
	    "  C>10, C<10         made more, less than ten minutes ago\n"
	    "  T>10, T<10         topic set more, less than ten minutes ago\n")},
	{"LUSERS", "LUSERS", N_("Counts users, operators and channels.\n")},
	{"MARKREAD", "MARKREAD <channel|nick> [timestamp=<time>]",
	 N_("Tells up to where you have read, or remembers it for all your devices. Clients do this by themselves.\n")},
	{"MEMOSERV", "MEMOSERV <command> [<parameters>]",
	 N_("Keeps messages for those who are away, as MemoServ elsewhere. MEMOSERV HELP lists its commands.\n")},
	{"METADATA", "METADATA <target> <subcommand> [<parameters>]",
	 N_("What people say about themselves, and operators about their channels, by keys; * is you.\n"
	    "  GET <key>{ <key>}, LIST, SET <key> [:<value>], CLEAR, SYNC\n"
	    "  SUB <key>{ <key>}, UNSUB <key>{ <key>}, SUBS: which keys you want to hear of\n"
	    "Of an account and of a registered channel it is kept.\n")},
	{"MODE", "MODE <channel|nick> [<modes> [<parameter>...]]",
	 N_("Shows or changes modes; '+' sets the letters after it, '-' takes them away.\n"
	    "Of a channel: +b ban, +e exception, +I invite exception (each with a mask, or without one to list them);\n"
	    "+k key, +l limit of members, +i by invitation, +m voiced people alone may speak, +n no messages from "
	    "outside,\n"
	    "+s secret, +t operators set the topic, +C no CTCP, +R accounts alone, +M accounts alone speak, +K no "
	    "KNOCK,\n"
	    "+N nobody changes their nick, +c no colours, +S colours are taken out, +u operators alone see who is "
	    "there;\n"
	    "+W <seconds> between two lines of one member, +F <lines>:<seconds> of one member, +j <joins>:<seconds>,\n"
	    "+f <channel> where those go who are not let in, +H <joined|always|never> who is shown what was said "
	    "before;\n"
	    "a mask is nick!user@host, ~a:account, ~r:real?name, ~c:#channel, ~U:mask without an account, ~m:mask "
	    "mutes;\n"
	    "+q +a +o +h +v make a member owner, admin, operator, half-operator, voiced.\n"
	    "Of yourself: +i invisible in lists, +w hear WALLOPS, +R direct messages from accounts alone, +B bot,\n"
	    "+x hides your address.\n"
	    "Of an operator: +H not shown as one, +p rights in channels are not asked, +s <letters> server notices:\n"
	    "c who comes and goes, k KILL, x bans, o what operators do, f limits, n nicks, e errors, s the server,\n"
	    "r registrations; +s -n takes one out, -s all.\n")},
	{"MONITOR", "MONITOR <+|-|C|L|S> [<nick>{,<nick>}]",
	 N_("Tells when people come and go.\n"
	    "+ watches nicks, - stops, C clears the list, L shows it, S says who of it is here.\n")},
	{"MOTD", "MOTD [<server>]", N_("Shows the message of the day.\n")},
	{"MS", "MS <command> [<parameters>]", N_("The same as MEMOSERV.\n")},
	{"NAMES", "NAMES [<channel>{,<channel>}]", N_("Lists the members of channels.\n")},
	{"NICK", "NICK <nick>", N_("Changes your nick.\n")},
	{"NICKSERV", "NICKSERV <command> [<parameters>]",
	 N_("Looks after accounts and nicks, as NickServ elsewhere. NICKSERV HELP lists its commands.\n")},
	{"NOTICE", "NOTICE <target>{,<target>} <text>",
	 N_("Sends a text that nothing may answer by itself.\n"
	    "Otherwise as PRIVMSG.\n")},
	{"NS", "NS <command> [<parameters>]", N_("The same as NICKSERV.\n")},
	{"OPER", "OPER <name> [<password>]",
	 N_("Makes you an operator of the server. Some need no password: their certificate or account says who they "
	    "are.\n")},
	{"PART", "PART <channel>{,<channel>} [<reason>]", N_("Leaves channels.\n")},
	{"PASS", "PASS <password>", N_("Gives the server's password, before NICK and USER.\n")},
	{"PING", "PING <token>", N_("Asks the server to answer PONG with the token.\n")},
	{"PONG", "PONG <token>", N_("Answers the server's PING. Clients do this by themselves.\n")},
	{"PRIVMSG", "PRIVMSG <target>{,<target>} <text>",
	 N_("Sends a message to people and channels.\n"
	    "With a prefix, as in @#channel, it goes to members of that rank and above alone.\n")},
	{"QUIT", "QUIT [<reason>]", N_("Ends your connection.\n")},
	{"REDACT", "REDACT <channel|nick> <msgid> [<reason>]",
	 N_("Takes back a message that you wrote a short while ago, or of somebody else where you are an operator.\n"
	    "It is shown to nobody any more, and is deleted; who saw it may have kept it.\n")},
	{"REGISTER", "REGISTER <account|*> <email|*> <password>",
	 N_("Makes an account, and logs you in to it. With * it has the name of your nick.\n"
	    "The nick is yours from then on: log in before you use it elsewhere. Where the address has to be proved, a "
	    "code goes\n"
	    "there, which VERIFY takes.\n")},
	{"REHASH", "REHASH", N_("Reads the configuration again. For operators.\n")},
	{"RELAYMSG", "RELAYMSG <channel> <name>/<elsewhere> :<text>",
	 N_("Says something in a channel for somebody of elsewhere, as bridges do. For operators of the channel.\n")},
	{"RENAME", "RENAME <channel> <name> [:<reason>]",
	 N_("Gives a channel another name: its people, modes, lists, registration and history go along.\n"
	    "For operators of the channel; where it is registered, for its owners.\n")},
	{"RESTART", "RESTART [<reason>]", N_("Restarts the server. For operators.\n")},
	{"SAJOIN", "SAJOIN <nick> <channel>{,<channel>}",
	 N_("Makes somebody join, whatever keeps others out. For operators.\n")},
	{"SAMODE", "SAMODE <channel|nick> <modes> [<parameter>...]",
	 N_("Changes modes without a rank, or those of somebody else. For operators.\n")},
	{"SANICK", "SANICK <nick> <new nick>", N_("Changes the nick of somebody. For operators.\n")},
	{"SAPART", "SAPART <nick> <channel>{,<channel>} [<reason>]", N_("Makes somebody leave. For operators.\n")},
	{"SEARCH", "SEARCH <key>=<value>{;<key>=<value>}",
	 N_("Finds messages that you may read; it needs the capability draft/search. Clients do this by themselves.\n"
	    "Keys: in, from, text, after, before, limit. In values \\s is a blank.\n")},
	{"SETHOST", "SETHOST <host|->", N_("Shows another host for yourself; -: the usual one. For operators.\n")},
	{"SETNAME", "SETNAME <realname>", N_("Changes your realname.\n")},
	{"SHUN", "SHUN [<duration>] <mask|nick> [<reason>]",
	 N_("Whom it meets stays here, and is heard by nobody. For operators; see UBAN.\n")},
	{"STATS", "STATS <letter> [<server>]",
	 N_("Shows statistics.\n"
	    "  u    how long the server has been running\n"
	    "  l    connections, m    commands, o    [oper] blocks, O    classes: for operators\n"
	    "  p    operators who are here\n"
	    "  k d x    bans of masks, addresses, real names; g    all of them, s    those that shun: for "
	    "operators\n")},
	{"TAGMSG", "TAGMSG <target>{,<target>}", N_("Sends message tags without a text. For clients.\n")},
	{"TBAN", "TBAN <channel> <duration> <mask>",
	 N_("Bans from a channel for some time, as 30m, 2h or 1d12h; the server takes the ban away then.\n")},
	{"TESTLINE", "TESTLINE <nick|nick!user@host|address>",
	 N_("Tells which ban or shun would meet them. For operators.\n")},
	{"TESTMASK", "TESTMASK <target>",
	 N_("Tells who would be met by a ban of that target, as UBAN takes it, and how many. For operators.\n")},
	{"TIME", "TIME [<server>]", N_("Tells the server's time.\n")},
	{"TOPIC", "TOPIC <channel> [<topic>]",
	 N_("Shows or sets the topic of a channel.\n"
	    "An empty one removes it.\n")},
	{"UBAN", "UBAN <ADD|DEL|LIST|INFO> [<parameters>]",
	 N_("Bans of the whole server, which outlive restarts. For operators.\n"
	    "  ADD [<duration>] [REQUIRE-SASL|SHUN] <target> [<duration>] [<reason>]\n"
	    "  DEL <target|number>, INFO <target|number>, LIST [<mask>]\n"
	    "A target is an address, a network (192.0.2.0/24), nick!user@host with * and ?, an account, or "
	    "~r:realname.\n"
	    "A duration is 1h30m, 2d, 1w, or minutes; 0 or none is for good.\n"
	    "With REQUIRE-SASL whoever logs in to an account is let in; with SHUN they are here, and nobody hears "
	    "them.\n")},
	{"UNDLINE", "UNDLINE <network|number>", N_("Removes a ban of addresses. For operators.\n")},
	{"UNGLINE", "UNGLINE <mask|number>", N_("The same as UNKLINE.\n")},
	{"UNKLINE", "UNKLINE <mask|number>", N_("Removes a ban. For operators.\n")},
	{"UNSHUN", "UNSHUN <mask|number>", N_("Lets somebody be heard again. For operators.\n")},
	{"UNXLINE", "UNXLINE <realname|number>", N_("Removes a ban of a real name. For operators.\n")},
	{"UNZLINE", "UNZLINE <network|number>", N_("The same as UNDLINE.\n")},
	{"USER", "USER <username> 0 * <realname>", N_("Introduces you when you connect.\n")},
	{"USERHOST", "USERHOST <nick>{ <nick>}", N_("Tells the username and host of up to five people.\n")},
	{"VERIFY", "VERIFY <account> <code>", N_("Proves with the code that came by mail that an account is yours.\n")},
	{"VERSION", "VERSION [<server>]", N_("Tells the server's version and what it supports.\n")},
	{"VHOST", "VHOST <account> <host|->",
	 N_("Shows that host for all who log in to the account; -: none. For operators.\n")},
	{"WALLOPS", "WALLOPS <text>", N_("Writes to everybody with mode +w. For operators.\n")},
	{"WEBIRC", "WEBIRC <password> <gateway> <host> <address> [<options>]",
	 N_("Tells for whom a gateway speaks, before all else. For gateways that the server trusts.\n")},
	{"WEBPUSH", "WEBPUSH <VAPIDPUBKEY|REGISTER|UNREGISTER> [<address> [<keys>]]",
	 N_("Says where your phone or browser is told of what is said to you while you are away. Clients do this by "
	    "themselves.\n")},
	{"WHO", "WHO <channel|nick|mask> [[o][%<fields>[,<token>]]]",
	 N_("Lists people: the members of a channel, one person, or those whom a mask with * and ? matches.\n"
	    "  o          operators alone\n"
	    "  %<fields>  which columns, of tcuihsnfdlaor, as the WHOX specification has them\n")},
	{"WHOIS", "WHOIS [<server>] <nick>{,<nick>}", N_("Tells what is known of people.\n")},
	{"WHOWAS", "WHOWAS <nick>{,<nick>} [<count>]", N_("Tells who had a nick before, the last one first.\n")},
	{"XLINE", "XLINE [<duration>] <realname> [<reason>]",
	 N_("Bans a real name, with * and ?; ? also stands for a blank. For operators; see UBAN.\n")},
	{"ZLINE", "ZLINE [<duration>] <network> [<reason>]", N_("The same as DLINE.\n")},
};

enum { TOPICS = sizeof(topics) / sizeof(topics[0]) };

const struct help_topic *help_topics(size_t *count)
{
	*count = TOPICS;
	return topics;
}

const struct help_topic *help_find(const char *name)
{
	for (size_t i = 0; i < TOPICS; i++) {
		if (str_eq_nocase(str_of(topics[i].name), str_of(name)))
			return &topics[i];
	}
	return NULL;
}
