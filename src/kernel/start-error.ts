/** The gateway cannot start for a reason that its operator can mend. The message is fit for a terminal. */
export class StartError extends Error {
  override readonly name = 'StartError';
}
