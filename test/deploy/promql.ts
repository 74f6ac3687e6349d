/** What a PromQL expression asks for, as far as names go. */
export interface Asked {
  /** Series by name, with the labels that their selectors compare. */
  readonly series: readonly { readonly name: string; readonly labels: readonly string[] }[];
  /** Labels that aggregations and matchings name. */
  readonly groupedBy: readonly string[];
}

const GROUPING = /\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)/g;
const KEYWORDS = new Set(['and', 'or', 'unless', 'bool', 'offset']);
const NAME = /[a-zA-Z_:][\w:]*/g;

/** Reads the names of an expression. Grafana's variables count as values: they stand where a duration or a text does. */
export function readPromql(expression: string): Asked {
  const groupedBy = [...expression.matchAll(GROUPING)].flatMap(([, names = '']) => [...names.matchAll(NAME)].flat());
  const rest = expression
    .replaceAll(GROUPING, ' ')
    .replaceAll(/\[[^\]]*\]/g, ' ')
    .replaceAll(/\b(?:by|without)\b/g, ' ');
  const series: { name: string; labels: string[] }[] = [];
  for (const [, name = '', braces = '', after = ''] of rest.matchAll(
    /([a-zA-Z_:][\w:]*)\s*(?:\{((?:"[^"]*"|[^}"])*)\})?\s*(\(?)/g,
  )) {
    if (after === '(' || KEYWORDS.has(name)) continue;
    series.push({ name, labels: [...braces.matchAll(/(\w+)\s*(?:=~|!~|!=|=)\s*"/g)].map(([, label = '']) => label) });
  }
  return { series, groupedBy };
}
