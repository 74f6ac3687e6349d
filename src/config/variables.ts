import type { ValueOf, Variable } from './variable.ts';
import { accessVariables } from './variables/access.ts';
import { commboxVariables } from './variables/commbox.ts';
import { deliveryVariables } from './variables/delivery.ts';
import { processVariables } from './variables/process.ts';

/** The variables as the documentation orders them. */
export const variableGroups: readonly { readonly title: string; readonly variables: Record<string, Variable> }[] = [
  { title: 'CommBox', variables: commboxVariables },
  { title: 'Callers and recipients', variables: accessVariables },
  { title: 'The process', variables: processVariables },
  { title: 'Delivery', variables: deliveryVariables },
];

/** Every environment variable. Parsing, `.env.example` and the table in the README all read this one table. */
export const variables = { ...commboxVariables, ...accessVariables, ...processVariables, ...deliveryVariables };

type Variables = typeof variables;
export type VariableName = keyof Variables;
export type SecretName = { [K in VariableName]: Variables[K]['secret'] extends true ? K : never }[VariableName];
export type PlainName = Exclude<VariableName, SecretName>;

/** The values of every variable that is no secret. */
export type Values = { readonly [K in PlainName]: ValueOf<Variables[K]> };
