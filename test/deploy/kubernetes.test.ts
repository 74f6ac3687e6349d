import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import t from 'tap';
import { claimDirectory } from '../../src/attachments/spool-directory.ts';
import { call } from '../http/call.ts';
import { startGateway } from '../support/gateway.ts';
import { loadEnvironment, unknownNames } from './environment.ts';
import { mountedFiles, readManifests } from './manifests.ts';

/** In seconds: when a gateway that got SIGTERM has ended, at the latest. */
const ENDED_AFTER = 30;

const manifests = readManifests();
const { spec } = manifests.Deployment;
const pod = spec.template.spec;
const [container] = pod.containers;
const env = Object.fromEntries(container.env.map(({ name, value }) => [name, value]));
const files = mountedFiles(manifests);

t.test('the gateway starts with what the manifests give it', async (t) => {
  t.strictSame(unknownNames(env), []);
  const config = await loadEnvironment(env, files);
  t.match(config.databaseUrl(), /^postgres:/, 'PostgreSQL, since there are several');
  t.ok(config.directory.callers.length > 0, 'somebody may call');
  const [account] = config.accounts;
  t.ok(account?.key.file && account.nextKey?.file, 'both CommBox keys are files, so that they can be replaced');
  t.equal(account?.keys().next, account?.keys().current, 'the second key is the first one, until a rotation');
});

t.test('every file that a variable names is mounted, in a way that follows changes', async (t) => {
  for (const [name, path] of Object.entries(env)) {
    if (!/_FILE$|^GATEWAY_CONFIG$/.test(name)) continue;
    const mount = container.volumeMounts.find(({ mountPath }) => mountPath === dirname(path));
    t.ok(files.has(path) && mount !== undefined && mount.subPath === undefined, name);
  }
});

t.test('the ports and the probes are those of the gateway', async (t) => {
  const portOf = (name: string) => String(container.ports.find((port) => port.name === name)?.containerPort);
  t.strictSame([portOf('http'), portOf('metrics')], [env['PORT'], env['METRICS_PORT']]);
  t.equal(env['HOST'], '0.0.0.0', 'it can be reached from outside of the pod');
  const { startupProbe, livenessProbe, readinessProbe } = container;
  t.strictSame([livenessProbe.httpGet.path, readinessProbe.httpGet.path], ['/livez', '/readyz']);
  const gateway = await startGateway(t);
  for (const { httpGet } of [startupProbe, livenessProbe, readinessProbe]) {
    t.equal(httpGet.port, 'http');
    t.equal((await call(gateway.port, { method: 'GET', path: httpGet.path })).status, 200, httpGet.path);
  }
});

t.test('a pod has time to end, and never all of them end together', async (t) => {
  t.ok(pod.terminationGracePeriodSeconds > ENDED_AFTER);
  t.ok(spec.replicas >= 2);
  t.match(spec, { strategy: { rollingUpdate: { maxUnavailable: 0 } } });
  const { minAvailable } = manifests.PodDisruptionBudget.spec;
  t.ok(minAvailable >= 1 && minAvailable < spec.replicas, 'a node can be emptied');
});

t.test('it runs as nobody in particular, on a file system that it cannot write to', async (t) => {
  t.match(pod, {
    automountServiceAccountToken: false,
    securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
  });
  t.match(container.securityContext, {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  });
  t.match(container.resources, { requests: { cpu: /\d/, memory: /\d/ }, limits: { memory: /\d/ } });
});

t.test('DATA_DIR can be written, and belongs to the gateway alone', async (t) => {
  const path = env['DATA_DIR'] ?? '';
  const mount = container.volumeMounts.find(({ mountPath }) => path.startsWith(`${mountPath}/`));
  t.ok(pod.volumes.find(({ name }) => name === mount?.name)?.emptyDir);

  // Kubernetes makes an emptyDir open to all.
  const volume = await mkdtemp(join(tmpdir(), 'gateway-volume-'));
  t.teardown(() => rm(volume, { recursive: true }));
  await chmod(volume, 0o777);
  await t.rejects(claimDirectory(volume), /open to others/);
  await t.resolves(claimDirectory(join(volume, path.slice(mount?.mountPath.length))));
});

t.test('everything that selects pods selects these, by ports that they have', async (t) => {
  const { labels } = spec.template.metadata;
  const { Service, PodDisruptionBudget, NetworkPolicy } = manifests;
  t.match(labels, spec.selector.matchLabels);
  t.match(labels, Service.spec.selector);
  t.match(labels, PodDisruptionBudget.spec.selector.matchLabels);
  t.match(labels, NetworkPolicy.spec.podSelector.matchLabels);
  const named = [
    ...Service.spec.ports.map(({ targetPort }) => targetPort),
    ...NetworkPolicy.spec.ingress.flatMap(({ ports }) => ports.map(({ port }) => port)),
  ];
  for (const name of named)
    t.ok(
      container.ports.some((port) => port.name === name),
      name,
    );
});
