import type { CountryCode } from 'libphonenumber-js';
import type { Allowlist } from '../access/allowlist.ts';
import type { DirectorySnapshot } from '../access/directory.ts';
import type { AccountConfig } from './accounts.ts';
import type { DirectoryEnvironment } from './load-directory.ts';
import type { ConfigSource } from './source.ts';
import type { Values } from './variables.ts';

/**
 * Everything the gateway is told at its start, in groups as narrow as their readers. Secrets stand behind functions:
 * no member that inspecting or serialising shows is one.
 */
export interface Config {
  readonly listen: {
    readonly host: string;
    readonly port: number;
    /** Null: metrics are served on the main port. */
    readonly metricsPort: number | null;
    /** Addresses and CIDR ranges; empty = nobody is believed. */
    readonly trustProxy: readonly string[];
  };
  /** The default account first. */
  readonly accounts: readonly AccountConfig[];
  readonly directory: DirectorySnapshot;
  /** The YAML file, and what reading it again needs. */
  readonly file: ConfigFile;
  readonly limits: {
    /** Bytes. */
    readonly bodyLimit: number;
    /** Bytes of all files of a message. */
    readonly attachmentLimit: number;
    readonly attachmentCount: number;
    /** Messages. */
    readonly queueLimit: number;
  };
  readonly timing: {
    readonly syncWaitMs: number;
    readonly upstreamTimeoutMs: number;
    readonly messageTtlHours: number;
    readonly retentionDays: number;
    readonly idempotencyHours: number;
  };
  /** Absolute path. Loading does not create it. */
  readonly dataDir: string;
  databaseUrl(): string | null;
  readonly proxy: {
    https(): string | null;
    /** In the form of `NO_PROXY`; '' = no exception. */
    readonly no: string;
  };
  readonly allowlist: Allowlist;
  readonly defaultCountry: CountryCode | undefined;
  readonly logLevel: Values['LOG_LEVEL'];
}

export interface ConfigFile {
  /** Absolute path, whether or not the file exists. */
  readonly path: string;
  /** Whether `GATEWAY_CONFIG` names it; if not, its absence is fine. */
  readonly required: boolean;
  /** The text that the configuration was loaded from; null if there was no file. */
  loadedText(): string | null;
  readonly readFile: ConfigSource['readFile'];
  readonly environment: DirectoryEnvironment;
}
