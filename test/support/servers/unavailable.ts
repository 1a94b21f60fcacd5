/** Real servers cannot be had on this machine; the message is the reason that a skipped suite prints. */
export class ServersUnavailable extends Error {
  constructor(reason: string, cause?: unknown) {
    super(reason, cause === undefined ? undefined : { cause });
    this.name = "ServersUnavailable";
  }
}
