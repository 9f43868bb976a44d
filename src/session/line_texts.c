#include "session/line_texts.h"

static const char *const codes[LANGUAGES] = {"en", "es"};

bool language_find(struct str name, enum language *out)
{
	for (int i = 0; i < LANGUAGES; i++) {
		if (!str_eq(name, str_of(codes[i])))
			continue;
		*out = (enum language)i;
		return true;
	}
	return false;
}

static const char *const table[TEXT_COUNT][LANGUAGES] = {
	[TEXT_NONE] = {"", ""},
	[TEXT_GREETING] = {"Welcome to %1. People talk here, and you can join in by typing.",
			   "Te damos la bienvenida a %1. Aquí se conversa, y basta con escribir."},
	[TEXT_ASK_NAME] = {"What is your name? (Type it and press Enter; /help explains more.)",
			   "¿Cómo te llamas? (Escribe tu nombre y pulsa Intro; /help explica más.)"},
	[TEXT_WAITING] = {"Welcome to %1. To talk here without a chat program, type your name and press Enter.",
			  "Te damos la bienvenida a %1. Para conversar sin un programa de chat, escribe tu nombre y pulsa "
			  "Intro."},
	[TEXT_ASK_SERVER_PASSWORD] = {"This server asks for a password. What is it?",
				      "Este servidor pide una contraseña. ¿Cuál es?"},
	[TEXT_ASK_PASSWORD] = {"Password of %1:", "Contraseña de %1:"},
	[TEXT_SEEN_PASSWORD] = {"(It will be seen while you type. If your program is telnet, say /telnet first.)",
				"(Se verá al escribirla. Si tu programa es telnet, di antes /telnet.)"},
	[TEXT_TOO_MANY_NAMES] = {"Too many tries", "Demasiados intentos"},
	[TEXT_WELCOME] = {"Hello, %1. What you type is said to everybody in the channel; /help tells what else there is.",
			  "Hola, %1. Lo que escribas lo leerán todos en el canal; /help cuenta qué más hay."},
	[TEXT_NOWHERE] = {"You are in no channel: /join #name, or /msg NAME TEXT.",
			  "No estás en ningún canal: /join #nombre, o /msg NOMBRE TEXTO."},
	[TEXT_NO_COMMAND] = {"There is no /%1. /help lists what there is.", "No existe /%1. /help dice lo que hay."},
	[TEXT_HELP_BEFORE] = {"Type the name that others shall see.\n"
			      "/login NAME  with the password of an account of yours\n"
			      "/quit        to go",
			      "Escribe el nombre que verán los demás.\n"
			      "/login NOMBRE  con la contraseña de tu cuenta\n"
			      "/quit          para irte"},
	[TEXT_HELP] = {"What you type is said in the channel. What begins with / is for the server:\n"
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
		       "// at the front says a line that begins with /. Others: /invite /kick /mode /whois /motd /ns /cs /ms",
		       "Lo que escribes se dice en el canal. Lo que empieza por / es para el servidor:\n"
		       "/join #CANAL       entrar en un canal, o volver a uno en que ya estás\n"
		       "/leave [#CANAL]    salir de él\n"
		       "/msg NOMBRE TEXTO  decir algo a una sola persona\n"
		       "/me TEXTO          decir lo que haces\n"
		       "/who [NOMBRE]      quién está, o quién es\n"
		       "/list              los canales\n"
		       "/topic [TEXTO]     de qué trata el canal\n"
		       "/nick NOMBRE       llamarte de otra forma\n"
		       "/login NOMBRE      con la contraseña de tu cuenta\n"
		       "/away [TEXTO]      no estás; sin texto, has vuelto\n"
		       "/bell on|off       avisar con un pitido cuando te nombran\n"
		       "/joins on|off      contar quién entra y sale\n"
		       "/quit [TEXTO]      irte\n"
		       "// al principio dice una línea que empieza por /. Otras: /invite /kick /mode /whois /motd /ns /cs /ms"},
	[TEXT_MISSING] = {"Something is missing; /help tells what.", "Falta algo; /help dice qué."},
	[TEXT_TOO_LONG] = {"The line was too long; its end was not said.", "La línea era demasiado larga; el final no se ha dicho."},
	[TEXT_BELL_ON] = {"The bell rings when you are mentioned.", "Sonará un pitido cuando te nombren."},
	[TEXT_BELL_OFF] = {"The bell is silent.", "No sonará ningún pitido."},
	[TEXT_JOINS_ON] = {"You are told who comes and goes.", "Se te dirá quién entra y sale."},
	[TEXT_JOINS_OFF] = {"You are not told any more who comes and goes.", "No se te dirá quién entra y sale."},
	[TEXT_TELNET] = {"Passwords will not be seen while you type them.", "Las contraseñas no se verán al escribirlas."},
	[TEXT_NOW_WITH] = {"What you type goes to %1 now.", "Lo que escribas irá ahora a %1."},
	[TEXT_LEFT_NOW_IN] = {"You left %1. What you type goes to %2 now.", "Has salido de %1. Lo que escribas irá ahora a %2."},
	[TEXT_PRIVATE] = {"(to you alone) ", "(solo a ti) "},
	[TEXT_SENT] = {"(to %1 alone) ", "(solo a %1) "},
	[TEXT_CTCP] = {"%1 asks your program: %2", "%1 pregunta a tu programa: %2"},
	[TEXT_YOU_IN] = {"You are in %1.", "Estás en %1."},
	[TEXT_YOU_LEFT] = {"You left %1.", "Has salido de %1."},
	[TEXT_JOINED] = {"%1 came in", "%1 ha entrado"},
	[TEXT_LEFT] = {"%1 left", "%1 ha salido"},
	[TEXT_QUIT] = {"%1 is gone", "%1 se ha ido"},
	[TEXT_YOU_KICKED] = {"%1 put you out of %2: %3", "%1 te ha echado de %2: %3"},
	[TEXT_KICKED] = {"%1 put %4 out: %3", "%1 ha echado a %4: %3"},
	[TEXT_YOU_NICK] = {"You are called %1 now.", "Ahora te llamas %1."},
	[TEXT_NICK] = {"%1 is called %2 now", "%1 se llama ahora %2"},
	[TEXT_TOPIC_SET] = {"%1 set the topic: %2", "%1 ha puesto el tema: %2"},
	[TEXT_TOPIC_CLEARED] = {"%1 removed the topic", "%1 ha quitado el tema"},
	[TEXT_TOPIC] = {"Topic of %1: %2", "Tema de %1: %2"},
	[TEXT_NO_TOPIC] = {"%1 has no topic.", "%1 no tiene tema."},
	[TEXT_HERE] = {"In %1: %2", "En %1: %2"},
	[TEXT_MODE] = {"%1 changed the mode: %2", "%1 ha cambiado el modo: %2"},
	[TEXT_INVITED] = {"%1 invites you: /join %2", "%1 te invita: /join %2"},
	[TEXT_KILLED] = {"%1 ended your connection: %2", "%1 ha cerrado tu conexión: %2"},
	[TEXT_AWAY] = {"%1 is away: %2", "%1 no está: %2"},
	[TEXT_BACK] = {"%1 is back", "%1 ha vuelto"},
	[TEXT_END] = {"The connection ends: %1", "La conexión se cierra: %1"},
	[TEXT_WHO] = {"  %1  %2@%3  %4", "  %1  %2@%3  %4"},
	[TEXT_CHANNEL] = {"  %1  (%2)  %3", "  %1  (%2)  %3"},
	[TEXT_IS] = {"%1 is %2@%3: %4", "%1 es %2@%3: %4"},
	[TEXT_IS_IN] = {"%1 is in %2", "%1 está en %2"},
	[TEXT_IDLE] = {"%1 has said nothing for %2 seconds", "%1 lleva %2 segundos sin decir nada"},
	[TEXT_LAST_LINES] = {"What was said last in %1:", "Lo último que se ha dicho en %1:"},
	[TEXT_LOGGED_IN] = {"You are logged in as %1.", "Has entrado en la cuenta %1."},
	[TEXT_LOGGED_OUT] = {"You are not logged in any more.", "Has salido de tu cuenta."},
	[TEXT_INVITING] = {"%1 has been asked to come to %2.", "Se ha invitado a %1 a venir a %2."},
	[TEXT_NO_NICK] = {"%1: there is nobody and nothing of that name.", "%1: no hay nadie ni nada con ese nombre."},
	[TEXT_NO_CHANNEL] = {"There is no channel %1.", "No existe el canal %1."},
	[TEXT_CANNOT_SEND] = {"You may not speak in %1: %2", "No puedes hablar en %1: %2"},
	[TEXT_TOO_MANY_CHANNELS] = {"%1: you are in too many channels.", "%1: estás en demasiados canales."},
	[TEXT_NICK_BAD] = {"%1: a name is one word of letters, digits, - and _, and begins with a letter. Another one?",
			   "%1: un nombre es una sola palabra de letras, cifras, - y _, y empieza por una letra. ¿Otro?"},
	[TEXT_NICK_USED] = {"The name %1 is somebody's. Another one? (If it is yours: /login %1)",
			    "El nombre %1 ya es de alguien. ¿Otro? (Si es tuyo: /login %1)"},
	[TEXT_NICK_LOCKED] = {"You cannot change your name while you are in %1.", "No puedes cambiar de nombre mientras estés en %1."},
	[TEXT_NOT_THERE] = {"%1 is not in %2.", "%1 no está en %2."},
	[TEXT_NOT_ON_CHANNEL] = {"You are not in %1.", "No estás en %1."},
	[TEXT_WRONG_PASSWORD] = {"The password is wrong.", "La contraseña no es correcta."},
	[TEXT_BANNED] = {"You may not come in: %1", "No puedes entrar: %1"},
	[TEXT_FULL] = {"%1 is full.", "%1 está lleno."},
	[TEXT_INVITE_ONLY] = {"To %1 one comes by invitation.", "A %1 se entra por invitación."},
	[TEXT_CHANNEL_BANNED] = {"You may not enter %1.", "No puedes entrar en %1."},
	[TEXT_KEY] = {"%1 has a key: /join %1 KEY", "%1 tiene clave: /join %1 CLAVE"},
	[TEXT_BAD_CHANNEL] = {"%1 is no name of a channel: they begin with #.", "%1 no es un nombre de canal: empiezan por #."},
	[TEXT_NEEDS_ACCOUNT] = {"%1: for that you must be logged in, with /login.", "%1: para eso hay que entrar en una cuenta, con /login."},
	[TEXT_NOT_OPERATOR] = {"You are no operator of %1.", "No eres operador de %1."},
	[TEXT_LOGIN_WRONG] = {"That did not work: the name or the password is wrong.",
			      "No ha funcionado: el nombre o la contraseña no es correcto."},
	[TEXT_TRY_AGAIN] = {"That was not done; try it again later.", "No se ha hecho; inténtalo más tarde."},
};

const char *line_text(enum language language, enum line_text id)
{
	return table[id][language];
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
