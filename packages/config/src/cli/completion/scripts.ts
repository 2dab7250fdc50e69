/** A shell with a script. */
export type Shell = "bash" | "zsh" | "fish";

/** The script for each shell. All ask the command itself, which knows the paths of the configuration, too. */
export const scripts: Readonly<Record<Shell, string>> = {
  bash: `# otpts-config completion bash >> ~/.bashrc
_otpts_config() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    COMPREPLY+=("\${line%%$'\\t'*}")
  done < <("$1" __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  if [[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == *[./] ]]; then
    compopt -o nospace 2>/dev/null
  fi
}
complete -F _otpts_config otpts-config
`,
  zsh: `#compdef otpts-config
# otpts-config completion zsh > "\${fpath[1]}/_otpts-config", or: source <(otpts-config completion zsh)
_otpts_config() {
  local -a open closed
  local line
  while IFS= read -r line; do
    line="\${line//:/\\\\:}"
    if [[ "\${line%%$'\\t'*}" == *[./] ]]; then
      open+=("\${line/$'\\t'/:}")
    else
      closed+=("\${line/$'\\t'/:}")
    fi
  done < <("\${words[1]}" __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)
  _describe 'otpts-config' closed -- open -S ''
}
if [[ "\${funcstack[1]}" == _otpts-config ]]; then
  _otpts_config "$@"
else
  compdef _otpts_config otpts-config
fi
`,
  fish: `# otpts-config completion fish > ~/.config/fish/completions/otpts-config.fish
complete -c otpts-config -f -a '(set -l words (commandline -opc); $words[1] __complete $words[2..] (commandline -ct) 2>/dev/null)'
`,
};
