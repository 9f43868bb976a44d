#include "session/line_texts.h"

static const char *const table[TEXT_COUNT] = {
	[TEXT_NONE] = "",
	[TEXT_GREETING] = N_("Welcome to %1. People talk here, and you can join in by typing."),
	[TEXT_ASK_NAME] = N_("What is your name? (Type it and press Enter; /help explains more.)"),
	[TEXT_WAITING] = N_("Welcome to %1. To talk here without a chat program, type your name and press Enter."),
	[TEXT_ASK_SERVER_PASSWORD] = N_("This server asks for a password. What is it?"),
	[TEXT_ASK_PASSWORD] = N_("Password of %1:"),
	[TEXT_SEEN_PASSWORD] = N_("(It will be seen while you type. If your program is telnet, say /telnet first.)"),
	[TEXT_TOO_MANY_NAMES] = N_("Too many tries"),
	[TEXT_WELCOME] =
		N_("Hello, %1. What you type is said to everybody in the channel; /help tells what else there is."),
	[TEXT_NOWHERE] = N_("You are in no channel: /join #name, or /msg NAME TEXT."),
	[TEXT_NO_COMMAND] = N_("There is no /%1. /help lists what there is."),
	[TEXT_HELP_BEFORE] = N_("Type the name that others shall see.\n"
				"/login NAME  with the password of an account of yours\n"
				"/quit        to go"),
	[TEXT_HELP] = N_(
		"What you type is said in the channel. What begins with / is for the server:\n"
		"/join #CHANNEL     enter a channel, or turn to one that you are in\n"
		"/leave [#CHANNEL]  leave it\n"
		"/msg NAME TEXT     say something to one person\n"
		"/me TEXT           say what you do\n"
		"/who [NAME]        who is here, or who that is\n"
		"/list              the channels\n"
		"/topic [TEXT]      what the channel is about\n"
		"/nick NAME         another name for you\n"
		"/login NAME        with the password of your account\n"
		"/away [TEXT]       you are not there; without a text you are back\n"
		"/bell on|off       ring when you are mentioned\n"
		"/joins on|off      tell who comes and goes\n"
		"/quit [TEXT]       go\n"
		"// at the front says a line that begins with /. Others: /invite /kick /mode /whois /motd /ns /cs /ms"),
	[TEXT_MISSING] = N_("Something is missing; /help tells what."),
	[TEXT_TOO_LONG] = N_("The line was too long; its end was not said."),
	[TEXT_BELL_ON] = N_("The bell rings when you are mentioned."),
	[TEXT_BELL_OFF] = N_("The bell is silent."),
	[TEXT_JOINS_ON] = N_("You are told who comes and goes."),
	[TEXT_JOINS_OFF] = N_("You are not told any more who comes and goes."),
	[TEXT_TELNET] = N_("Passwords will not be seen while you type them."),
	[TEXT_NOW_WITH] = N_("What you type goes to %1 now."),
	[TEXT_LEFT_NOW_IN] = N_("You left %1. What you type goes to %2 now."),
	[TEXT_PRIVATE] = N_("(to you alone) "),
	[TEXT_SENT] = N_("(to %1 alone) "),
	[TEXT_CTCP] = N_("%1 asks your program: %2"),
	[TEXT_YOU_IN] = N_("You are in %1."),
	[TEXT_YOU_LEFT] = N_("You left %1."),
	[TEXT_JOINED] = N_("%1 came in"),
	[TEXT_LEFT] = N_("%1 left"),
	[TEXT_QUIT] = N_("%1 is gone"),
	[TEXT_YOU_KICKED] = N_("%1 put you out of %2: %3"),
	[TEXT_KICKED] = N_("%1 put %4 out: %3"),
	[TEXT_YOU_NICK] = N_("You are called %1 now."),
	[TEXT_NICK] = N_("%1 is called %2 now"),
	[TEXT_TOPIC_SET] = N_("%1 set the topic: %2"),
	[TEXT_TOPIC_CLEARED] = N_("%1 removed the topic"),
	[TEXT_TOPIC] = N_("Topic of %1: %2"),
	[TEXT_NO_TOPIC] = N_("%1 has no topic."),
	[TEXT_HERE] = N_("In %1: %2"),
	[TEXT_MODE] = N_("%1 changed the mode: %2"),
	[TEXT_INVITED] = N_("%1 invites you: /join %2"),
	[TEXT_KILLED] = N_("%1 ended your connection: %2"),
	[TEXT_AWAY] = N_("%1 is away: %2"),
	[TEXT_BACK] = N_("%1 is back"),
	[TEXT_END] = N_("The connection ends: %1"),
	[TEXT_WHO] = "  %1  %2@%3  %4",
	[TEXT_CHANNEL] = "  %1  (%2)  %3",
	[TEXT_IS] = N_("%1 is %2@%3: %4"),
	[TEXT_IS_IN] = N_("%1 is in %2"),
	[TEXT_IDLE] = N_("%1 has said nothing for %2 seconds"),
	[TEXT_LAST_LINES] = N_("What was said last in %1:"),
	[TEXT_LOGGED_IN] = N_("You are logged in as %1."),
	[TEXT_LOGGED_OUT] = N_("You are not logged in any more."),
	[TEXT_INVITING] = N_("%1 has been asked to come to %2."),
	[TEXT_NO_NICK] = N_("%1: there is nobody and nothing of that name."),
	[TEXT_NO_CHANNEL] = N_("There is no channel %1."),
	[TEXT_CANNOT_SEND] = N_("You may not speak in %1: %2"),
	[TEXT_TOO_MANY_CHANNELS] = N_("%1: you are in too many channels."),
	[TEXT_NICK_BAD] =
		N_("%1: a name is one word of letters, digits, - and _, and begins with a letter. Another one?"),
	[TEXT_NICK_USED] = N_("The name %1 is somebody's. Another one? (If it is yours: /login %1)"),
	[TEXT_NICK_LOCKED] = N_("You cannot change your name while you are in %1."),
	[TEXT_NOT_THERE] = N_("%1 is not in %2."),
	[TEXT_NOT_ON_CHANNEL] = N_("You are not in %1."),
	[TEXT_WRONG_PASSWORD] = N_("The password is wrong."),
	[TEXT_BANNED] = N_("You may not come in: %1"),
	[TEXT_FULL] = N_("%1 is full."),
	[TEXT_INVITE_ONLY] = N_("To %1 one comes by invitation."),
	[TEXT_CHANNEL_BANNED] = N_("You may not enter %1."),
	[TEXT_KEY] = N_("%1 has a key: /join %1 KEY"),
	[TEXT_BAD_CHANNEL] = N_("%1 is no name of a channel: they begin with #."),
	[TEXT_NEEDS_ACCOUNT] = N_("%1: for that you must be logged in, with /login."),
	[TEXT_NOT_OPERATOR] = N_("You are no operator of %1."),
	[TEXT_LOGIN_WRONG] = N_("That did not work: the name or the password is wrong."),
	[TEXT_TRY_AGAIN] = N_("That was not done; try it again later."),
};

const char *line_text(enum language language, enum line_text id)
{
	return language_words(language, table[id]);
}

void line_text_fill(struct buf *out, enum language language, enum line_text id, const struct line_args *args)
{
	for (const char *p = line_text(language, id); *p; p++) {
		if (p[0] == '%' && p[1] >= '1' && p[1] <= '4')
			buf_str(out, args->of[*++p - '1']);
		else
			buf_chr(out, *p);
	}
}
