import type { Variable } from '../../src/config/variable.ts';
import { variableGroups } from '../../src/config/variables.ts';

const WIDTH = 110;

/** The text of `.env.example`: every variable commented out at its default, except those that must be set. */
export function renderEnvExample(): string {
  const intro = [
    '# Settings of commbox-gateway. Generated from the table in src/config/variables.ts by `npm run docs`.',
    '# An empty value counts as unset. Every secret X can be given as a file instead, by X_FILE.',
  ];
  const groups = variableGroups.map(({ title, variables }) => {
    const entries = Object.entries(variables).map(([name, variable]) => envEntry(name, variable));
    return [`# ---- ${title} ----`, ...entries].join('\n\n');
  });
  return `${[intro.join('\n'), ...groups].join('\n\n')}\n`;
}

function envEntry(name: string, variable: Variable): string {
  const plain = (text: string) => text.replaceAll('`', '');
  const notes = [variable.description, `Allowed: ${variable.allowed}.`];
  if (variable.defaultNote !== null) notes.push(`Default: ${variable.defaultNote}.`);
  const comment = wrap(plain(notes.join(' '))).map((line) => `# ${line}`);
  const assignment = `${name}=${variable.default ?? ''}`;
  return [...comment, variable.required ? assignment : `# ${assignment}`].join('\n');
}

function wrap(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (line === undefined || line.length + word.length >= WIDTH) lines.push(word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines;
}

/** The table of variables as Markdown. What each allows stands in `.env.example`, which has the room for it. */
export function renderVariablesTable(): string {
  const rows = variableGroups.flatMap(({ variables }) =>
    Object.entries(variables).map(([name, variable]) => {
      const title = variable.secret ? `\`${name}\` (\`_FILE\`)` : `\`${name}\``;
      return `| ${title} | ${defaultOf(variable)} | ${cell(variable.description)} |`;
    }),
  );
  return ['| Variable | Default | Meaning |', '|---|---|---|', ...rows].join('\n');
}

function defaultOf(variable: Variable): string {
  if (variable.required) return 'required';
  return variable.defaultNote ?? (variable.default === null ? '–' : `\`${variable.default}\``);
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
