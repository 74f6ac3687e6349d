import t from 'tap';
import { createThroughput } from '../../src/pacing/throughput.ts';
import { enterAll, open, run, start } from './pacer-rig.ts';

/** So many calls in each second while somebody waits. Returns the end. */
function busy(throughput: ReturnType<typeof createThroughput>, from: number, seconds: number, calls: number): number {
  for (let second = 0; second < seconds; second++) {
    throughput.waited(from + second * 1_000);
    throughput.granted(calls, from + second * 1_000);
  }
  return from + seconds * 1_000;
}

t.test('what goes is measured while somebody waits, over some seconds', async (t) => {
  const throughput = createThroughput();
  t.equal(throughput.perSecond(busy(throughput, start, 4, 8)), null, 'too short');
  t.equal(throughput.perSecond(busy(throughput, start + 4_000, 4, 8)), 8);
  t.equal(throughput.perSecond(busy(throughput, start + 8_000, 60, 20)), 20, 'of long ago nothing counts');
});

t.test('while a rate is being found, what went before does not count', async (t) => {
  const throughput = createThroughput();
  const found = busy(throughput, start, 10, 4);
  t.equal(throughput.perSecond(busy(throughput, found, 10, 20)), 20);
  const uneven = createThroughput();
  let now = start;
  for (let cycle = 0; cycle < 5; cycle++) now = busy(uneven, busy(uneven, now, 1, 0), 3, 24);
  t.equal(uneven.perSecond(now), 18, 'the pauses of a steady pace do');
  const slow = createThroughput();
  for (const calls of [2, 0, 0, 0]) now = busy(slow, busy(slow, now, 4, calls), 1, 0);
  t.equal(slow.perSecond(now), 8 / 20, 'few calls are uneven by chance');
});

t.test('while nobody waits nothing is measured, and a new backlog begins anew', async (t) => {
  const throughput = createThroughput();
  busy(throughput, start, 10, 8);
  for (let second = 10; second < 15; second++) throughput.granted(1, start + second * 1_000);
  t.equal(throughput.perSecond(busy(throughput, start + 15_000, 4, 8)), null);
  t.equal(throughput.perSecond(busy(throughput, start + 19_000, 2, 8)), 8);
});

t.test('short pauses belong to the pace, long ones do not', async (t) => {
  const short = createThroughput();
  busy(short, start, 10, 10);
  short.waited(start + 11_000);
  short.reopened(2_000, start + 12_000);
  t.ok((short.perSecond(busy(short, start + 12_000, 8, 10)) ?? 0) < 10);
  const long = createThroughput();
  busy(long, start, 10, 10);
  long.reopened(60_000, start + 70_000);
  t.equal(long.perSecond(busy(long, start + 70_000, 8, 10)), 10);
});

t.test('an account tells the pace of its calls where they alone limit it', async (t) => {
  const pacer = open();
  for (let now = start; now < start + 10_000; now += 200) {
    const passes = enterAll(pacer, now);
    pacer.room(now);
    for (const pass of passes) pacer.succeeded(pass, now + 200);
  }
  const perSecond = pacer.throughput(start + 10_000);
  t.ok(perSecond !== null && Math.abs(perSecond - 20) < 1, `${perSecond}`);
});

t.test('before that can be measured, it follows from how long a call takes', async (t) => {
  const pacer = open({ concurrency: 4 });
  const passes = enterAll(pacer, start);
  t.equal(pacer.throughput(start), null);
  pacer.room(start);
  t.equal(pacer.throughput(start), null, 'no call has ended yet');
  const now = start + 2_000;
  for (const pass of passes) pacer.succeeded(pass, now);
  t.equal(pacer.throughput(now + 5_000), null, 'nobody waits');
  enterAll(pacer, now);
  pacer.room(now);
  t.equal(pacer.throughput(now), 2, 'four at a time, two seconds each');
});

t.test('a rate that is known is an upper bound, and counts while nothing was measured', async (t) => {
  const pacer = open({ concurrency: 32, knownRate: 20 });
  t.equal(pacer.throughput(start), 20);
  run(pacer, start, 20_000);
  const perSecond = pacer.throughput(start + 20_000);
  t.ok(perSecond !== null && perSecond > 19 && perSecond <= 20, `${perSecond}`);
  pacer.play({ leads: false, mayProbe: true, share: 0.5 });
  run(pacer, start + 20_000, 30_000);
  const ofAll = pacer.throughput(start + 50_000);
  t.ok(ofAll !== null && ofAll > 19 && ofAll <= 20, 'of all processes, though this one sends half of it');
});

t.test('nothing is known of an account that was never held up', async (t) => {
  const pacer = open({ concurrency: 1_000 });
  for (let now = start; now < start + 30_000; now += 100) pacer.succeeded(pacer.enter(now), now);
  t.equal(pacer.throughput(start + 30_000), null);
});
