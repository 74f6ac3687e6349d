#!/usr/bin/env node
import { runCommand } from './cli/commands.ts';

// As process 1 of a container nothing ends the program by default: until a command listens for signals itself, they do.
const leave = () => process.exit(143);
process.on('SIGTERM', leave);
process.on('SIGINT', leave);
// It would end the program by default. Whoever sends it wants what is read at the start anyway.
process.on('SIGHUP', () => undefined);

process.exitCode = await runCommand(process.argv.slice(2));
