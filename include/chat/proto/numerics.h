#pragma once

/*
 * Numerics with the field's formats: each name stands for two arguments, the digits and the format of what follows
 * ":server NNN nick ". Made for reply() of session/reply.h, whose format is checked by the compiler.
 * Sources: RFC 2812 section 5, modern.ircdocs.horse "Numerics", the IRCv3 pages named. This is all the wording of
 * numerics there is.
 */
#define RPL_WELCOME "001", ":Welcome to the %s network, %s"                      /* network, nick */
#define RPL_YOURHOST "002", ":Your host is %s, running version %s"               /* server, version */
#define RPL_CREATED "003", ":This server was started %s"                         /* date */
#define RPL_MYINFO "004", "%s %s %s %s %s"                                       /* server, version, umodes, cmodes, with param */
#define RPL_ISUPPORT "005", "%s :are supported by this server"                   /* tokens */
#define RPL_SNOMASK "008", "%s :Server notice mask"                              /* letters */

#define RPL_STATSCOMMANDS "212", "%s %llu %llu"                                  /* command, count, bytes */
#define RPL_STATSKLINE "216", "%c %s * %s :%s"                                   /* K, host, user, reason */
#define RPL_ENDOFSTATS "219", "%s :End of /STATS report"                         /* query */
#define RPL_UMODEIS "221", "%s"                                                  /* modes */
#define RPL_STATSGLINE "223", "%c %s %lld %lld %s :%s" /* letter, mask, seconds left, seconds since, by, reason */
#define RPL_STATSDLINE "225", "%c %s :%s"              /* D, network, reason */
#define RPL_STATSLINKINFO "211", "%s %lu 0 %llu 0 %llu %lld"                     /* name, sendq, bytes out, bytes in, open s; lines are not counted */
#define RPL_STATSUPTIME "242", ":Server Up %lld days %lld:%02lld:%02lld"
#define RPL_STATSOLINE "243", "O %s * %s 0 %s"                                    /* mask, name, class */
#define RPL_STATSDEBUG "249", "%c :%s"                                            /* letter, text */
#define RPL_STATSXLINE "247", "%c %llu %s :%s"                                   /* X, hits, realname, reason */
#define RPL_LUSERCLIENT "251", ":There are %u users and %u invisible on %u servers"
#define RPL_LUSEROP "252", "%u :operator(s) online"
#define RPL_LUSERUNKNOWN "253", "%u :unknown connection(s)"
#define RPL_LUSERCHANNELS "254", "%u :channels formed"
#define RPL_LUSERME "255", ":I have %u clients and %u servers"
#define RPL_ADMINME "256", "%s :Administrative info"                             /* server */
#define RPL_ADMINLOC1 "257", ":%s"
#define RPL_ADMINLOC2 "258", ":%s"
#define RPL_ADMINEMAIL "259", ":%s"
#define RPL_TRYAGAIN "263", "%s :Please wait a while and try again."             /* command */
#define RPL_LOCALUSERS "265", "%u %u :Current local users %u, max %u"
#define RPL_GLOBALUSERS "266", "%u %u :Current global users %u, max %u"
#define RPL_WHOISCERTFP "276", "%s :has client certificate fingerprint %s"

#define RPL_AWAY "301", "%s :%s"                                                 /* nick, text */
#define RPL_USERHOST "302", ":%s"
#define RPL_ISON "303", ":%s"
#define RPL_UNAWAY "305", ":You are no longer marked as being away"
#define RPL_NOWAWAY "306", ":You have been marked as being away"
#define RPL_WHOISREGNICK "307", "%s :has identified for this nick"
#define RPL_WHOISUSER "311", "%s %s %s * :%s"                                    /* nick, user, host, realname */
#define RPL_WHOISSECURE "671", "%s :is using a secure connection"
#define RPL_WHOISSERVER "312", "%s %s :%s"                                       /* nick, server, info */
#define RPL_WHOISOPERATOR "313", "%s :is %s"                                     /* nick, title */
#define RPL_WHOWASUSER "314", "%s %s %s * :%s"
#define RPL_ENDOFWHO "315", "%s :End of WHO list"                                /* mask */
#define RPL_WHOISIDLE "317", "%s %lld %lld :seconds idle, signon time"
#define RPL_ENDOFWHOIS "318", "%s :End of /WHOIS list"
#define RPL_WHOISCHANNELS "319", "%s :%s"
#define RPL_LISTSTART "321", "Channel :Users  Name"
#define RPL_LIST "322", "%s %u :%s"
#define RPL_LISTEND "323", ":End of /LIST"
#define RPL_CHANNELMODEIS "324", "%s %s"                                         /* channel, modes and params */
#define RPL_CREATIONTIME "329", "%s %lld"
#define RPL_WHOISACCOUNT "330", "%s %s :is logged in as"
#define RPL_NOTOPIC "331", "%s :No topic is set"
#define RPL_TOPIC "332", "%s :%s"
#define RPL_TOPICWHOTIME "333", "%s %s %lld"
#define RPL_WHOISBOT "335", "%s :is a bot"
#define RPL_INVITELIST_OWN "336", "%s"                                           /* channel: INVITE without parameters */
#define RPL_ENDOFINVITELIST_OWN "337", ":End of /INVITE list"
#define RPL_WHOISACTUALLY "338", "%s %s :Is actually using host"                 /* nick, address */
#define RPL_INVITING "341", "%s %s"                                              /* nick, channel */
#define RPL_INVEXLIST "346", "%s %s %s %lld"                                     /* channel, mask, who, when */
#define RPL_ENDOFINVEXLIST "347", "%s :End of channel invite exception list"
#define RPL_EXCEPTLIST "348", "%s %s %s %lld"
#define RPL_ENDOFEXCEPTLIST "349", "%s :End of channel exception list"
#define RPL_VERSION "351", "%s %s :%s"                                           /* version, server, comments */
#define RPL_WHOREPLY "352", "%s %s %s %s %s %s :0 %s"                            /* channel user host server nick flags realname */
#define RPL_NAMREPLY "353", "%c %s :%s"                                          /* '=' or '@', channel, nicks */
#define RPL_WHOSPCRPL "354", "%s"                                                /* WHOX: the fields asked for */
#define RPL_LINKS "364", "%s %s :%d %s"                                          /* mask, server, hops, info */
#define RPL_ENDOFLINKS "365", "%s :End of /LINKS list"
#define RPL_ENDOFNAMES "366", "%s :End of /NAMES list"
#define RPL_BANLIST "367", "%s %s %s %lld"
#define RPL_ENDOFBANLIST "368", "%s :End of channel ban list"
#define RPL_ENDOFWHOWAS "369", "%s :End of WHOWAS"
#define RPL_INFO "371", ":%s"
#define RPL_MOTD "372", ":- %s"
#define RPL_ENDOFINFO "374", ":End of INFO list"
#define RPL_MOTDSTART "375", ":- %s Message of the day - "
#define RPL_ENDOFMOTD "376", ":End of MOTD command"
#define RPL_WHOISHOST "378", "%s :is connecting from %s@%s %s"                   /* nick, user, host, address */
#define RPL_WHOISMODES "379", "%s :is using modes %s"
#define RPL_YOUREOPER "381", ":You are now an IRC operator"
#define RPL_REHASHING "382", "%s :Rehashing"                                     /* file */
#define RPL_TIME "391", "%s %lld 0 :%s"                                          /* server, unix time, text */

#define ERR_UNKNOWNERROR "400", "%s :%s"                                         /* command, text */
#define ERR_NOSUCHNICK "401", "%s :No such nick/channel"
#define ERR_NOSUCHSERVER "402", "%s :No such server"
#define ERR_NOSUCHCHANNEL "403", "%s :No such channel"
#define ERR_CANNOTSENDTOCHAN "404", "%s :Cannot send to channel (%s)"            /* channel, why */
#define ERR_TOOMANYCHANNELS "405", "%s :You have joined too many channels"
#define ERR_WASNOSUCHNICK "406", "%s :There was no such nickname"
#define ERR_TOOMANYTARGETS "407", "%s :Too many targets. The maximum is %u for %s" /* target, max, command */
#define ERR_NOORIGIN "409", ":No origin specified"
#define ERR_INVALIDCAPCMD "410", "%s :Invalid CAP command"
#define ERR_NORECIPIENT "411", ":No recipient given (%s)"                        /* command */
#define ERR_NOTEXTTOSEND "412", ":No text to send"
#define ERR_INPUTTOOLONG "417", ":Input line was too long"
#define ERR_UNKNOWNCOMMAND "421", "%s :Unknown command"
#define ERR_NOMOTD "422", ":MOTD File is missing"
#define ERR_NOADMININFO "423", "%s :No administrative info available"            /* server */
#define ERR_NONICKNAMEGIVEN "431", ":No nickname given"
#define ERR_ERRONEUSNICKNAME "432", "%s :Erroneous nickname"
#define ERR_NICKNAMEINUSE "433", "%s :Nickname is already in use"
#define ERR_NICKFORBIDDEN "432", "%s :%s"
#define ERR_UNAVAILRESOURCE "437", "%s :%s"                                      /* channel, why */
#define ERR_USERNOTINCHANNEL "441", "%s %s :They aren't on that channel"         /* nick, channel */
#define ERR_NOTONCHANNEL "442", "%s :You're not on that channel"
#define ERR_USERONCHANNEL "443", "%s %s :is already on channel"                  /* nick, channel */
#define ERR_NOTREGISTERED "451", ":You have not registered"
#define ERR_NEEDMOREPARAMS "461", "%s :Not enough parameters"
#define ERR_ALREADYREGISTERED "462", ":You may not reregister"
#define ERR_PASSWDMISMATCH "464", ":Password incorrect"
#define ERR_YOUREBANNEDCREEP "465", ":You are banned from this server: %.*s" /* reason */
#define ERR_NONICKCHANGE "447", ":You cannot change your nick while you are in %s (+N)"  /* channel */
#define ERR_LINKCHANNEL "470", "%s %s :Forwarding to another channel"              /* from, to */
#define ERR_CHANNELISFULL "471", "%s :Cannot join channel (+l)"
#define ERR_UNKNOWNMODE "472", "%c :is unknown mode char to me"
#define ERR_INVITEONLYCHAN "473", "%s :Cannot join channel (+i)"
#define ERR_BANNEDFROMCHAN "474", "%s :Cannot join channel (+b)"
#define ERR_BADCHANNELKEY "475", "%s :Cannot join channel (+k)"
#define ERR_BADCHANMASK "476", "%s :Bad Channel Mask"
#define ERR_NEEDREGGEDNICK "477", "%s :You need to be logged in to an account for that"
#define ERR_BANLISTFULL "478", "%s %c :Channel list is full"                     /* channel, letter */
#define ERR_THROTTLE "480", "%s :Cannot join channel (+j): too many come in, try again later"
#define ERR_NOPRIVILEGES "481", ":Permission Denied- You're not an IRC operator"
#define ERR_CHANOPRIVSNEEDED "482", "%s :You're not channel operator"
#define ERR_NOOPERHOST "491", ":No O-lines for your host"
#define ERR_UMODEUNKNOWNFLAG "501", ":Unknown MODE flag"
#define ERR_USERSDONTMATCH "502", ":Cant change mode for other users"
#define ERR_HELPNOTFOUND "524", "%s :No help available on this topic"
#define ERR_INVALIDKEY "525", "%s :Key is not well-formed"                       /* channel */
#define ERR_INVALIDMODEPARAM "696", "%s %c %s :%s"                               /* channel, letter, param, why */
#define RPL_HELPSTART "704", "%s :%s"                                            /* topic, text */
#define RPL_HELPTXT "705", "%s :%s"
#define RPL_ENDOFHELP "706", "%s :%s"
#define RPL_KNOCK "710", "%s %s!%s@%s :%.*s"                                     /* channel, who, what it said */
#define RPL_KNOCKDLVR "711", "%s :Your knock was heard"
#define ERR_TOOMANYKNOCK "712", "%s :Too many knocks; wait before you knock again"
#define ERR_CHANOPEN "713", "%s :The channel is open: just join it"
#define ERR_KNOCKONCHAN "714", "%s :You are in that channel already"
#define ERR_NOPRIVS "723", "%s :Insufficient oper privileges."                    /* privilege */
#define RPL_TESTLINE "725", "%c %lld %s :%s" /* letter, minutes left, mask, reason */
#define RPL_TESTMASK "727", "%llu 0 %s :Local/remote clients match"
#define RPL_NOTESTLINE "726", "%s :No matches"
#define RPL_MONONLINE "730", ":%s"                                               /* nick!user@host,... */
#define RPL_MONOFFLINE "731", ":%s"
#define RPL_MONLIST "732", ":%s"
#define RPL_ENDOFMONLIST "733", ":End of MONITOR list"
#define ERR_MONLISTFULL "734", "%u %s :Monitor list is full."                    /* limit, nicks */
#define RPL_WHOISKEYVALUE "760", "%s %.*s * :%.*s"                               /* nick, key, value */
#define RPL_KEYVALUE "761", "%s %.*s * :%.*s"                                    /* target, key, value */
#define RPL_KEYNOTSET "766", "%s %.*s :key not set"
#define RPL_METADATASUBOK "770", "%s"                                            /* keys */
#define RPL_METADATAUNSUBOK "771", "%s"
#define RPL_METADATASUBS "772", "%s"
#define RPL_METADATASYNCLATER "774", "%s"                                        /* target */
#define RPL_LOGGEDIN "900", "%s %s :You are now logged in as %s"                 /* nick!user@host, account twice */
#define RPL_LOGGEDOUT "901", "%s :You are now logged out"                        /* nick!user@host */
#define ERR_NICKLOCKED "902", ":You must use a nick assigned to you"
#define RPL_SASLSUCCESS "903", ":SASL authentication successful"
#define ERR_SASLFAIL "904", ":SASL authentication failed%s%s"                    /* ": ", why */
#define ERR_SASLTOOLONG "905", ":SASL message too long"
#define ERR_SASLABORTED "906", ":SASL authentication aborted"
#define RPL_SASLMECHS "908", "%s :are available SASL mechanisms"
