/** The little of express that the benchmark uses; express itself comes without types. */
declare module 'express' {
  import type { IncomingMessage, Server, ServerResponse } from 'node:http';

  interface Application {
    use(handler: (request: IncomingMessage, response: ServerResponse) => unknown): void;
    listen(port: number, host: string): Server;
  }
  export default function express(): Application;
}
