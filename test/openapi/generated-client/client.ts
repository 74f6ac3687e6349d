import type { components, paths } from './api.ts';

export type Problem = components['schemas']['Problem'];

type JsonPost = { post: { requestBody: { content: { 'application/json': unknown } }; responses: object } };
type PostPath = { [Path in keyof paths]: paths[Path] extends JsonPost ? Path : never }[keyof paths];
type BodyOf<Path extends PostPath> = paths[Path] extends {
  post: { requestBody: { content: { 'application/json': infer Body } } };
}
  ? Body
  : never;
type AnswerOf<Path extends PostPath, Status extends number> = paths[Path] extends {
  post: { responses: { [S in Status]: { content: { 'application/json': infer Body } } } };
}
  ? Body
  : never;

/** The few lines that the generated types need around them. */
export function createClient(base: string, key: string) {
  return {
    async post<Path extends PostPath, const Status extends number>(
      path: Path,
      body: BodyOf<Path>,
      status: Status,
    ): Promise<AnswerOf<Path, Status>> {
      const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
      const answer = await fetch(new URL(path, base), { method: 'POST', headers, body: JSON.stringify(body) });
      if (answer.status === status) return (await answer.json()) as AnswerOf<Path, Status>;
      const problem = (await answer.json()) as Problem;
      throw new Error(`${problem.code}: ${problem.detail}`);
    },
  };
}
