import { writeFile } from 'node:fs/promises';
import { Session } from 'node:inspector/promises';

// Imported into a contender before its own code: SIGUSR2 starts a CPU profile, the next one writes it to PROFILE_FILE.
// So neither the start nor the warm-up is in it, as they would be with --cpu-prof.
const SAMPLE_EVERY_US = 250;
const session = new Session();
let isRunning = false;

async function toggle(): Promise<void> {
  if (!isRunning) {
    session.connect();
    await session.post('Profiler.enable');
    await session.post('Profiler.setSamplingInterval', { interval: SAMPLE_EVERY_US });
    await session.post('Profiler.start');
    isRunning = true;
    return;
  }
  const { profile } = await session.post('Profiler.stop');
  await writeFile(process.env['PROFILE_FILE'] ?? '', JSON.stringify(profile), { mode: 0o600 });
}

process.on('SIGUSR2', toggle);
