/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The scripts only pass the words on to `macvm __complete`: what can be completed is known in one
 * place, the table of commands. */
#include "cli/commands.h"
#include "util/error.h"

#include <string.h>

static const struct {
    const char *shell;
    const char *script;
} scripts[] = {
    {"bash", "_macvm() {\n"
             "    local IFS=$'\\n'\n"
             "    COMPREPLY=($(macvm __complete -- \"${COMP_WORDS[@]:1:COMP_CWORD}\" "
             "2>/dev/null))\n"
             "    [[ ${COMPREPLY[0]-} == *= ]] && compopt -o nospace\n"
             "}\n"
             "complete -o default -F _macvm macvm\n"},
    {"zsh", "#compdef macvm\n"
            "_macvm() {\n"
            "    local -a found\n"
            "    found=(${(f)\"$(macvm __complete -- \"${(@)words[2,CURRENT]}\" 2>/dev/null)\"})\n"
            "    (( $#found )) && compadd -S '' -- $found || _files\n"
            "}\n"
            "if [ \"$funcstack[1]\" = _macvm ]; then _macvm; else compdef _macvm macvm; fi\n"},
    {"fish", "function __macvm_complete\n"
             "    set -l words (commandline -opc) (commandline -ct)\n"
             "    macvm __complete -- $words[2..-1] 2>/dev/null\n"
             "end\n"
             "complete -c macvm -a '(__macvm_complete)'\n"},
};

bool
mvm_cmd_completion(MvmCli *cli, int argc, char **argv, GError **error)
{
    if (!mvm_cli_parse(cli, NULL, &argc, &argv, error))
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(scripts); i++) {
        if (strcmp(argv[1], scripts[i].shell) == 0) {
            fputs(scripts[i].script, stdout);
            return true;
        }
    }
    g_set_error(error, MVM_ERROR, MVM_ERROR_USAGE, "cannot complete for shell '%s': not known",
                argv[1]);
    mvm_error_set_hint(error, "bash, zsh and fish are known");
    return false;
}
