import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { root } from '../docs/page.ts';

/** What the checks need of a pod's container. */
export interface Container {
  readonly name: string;
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly startupProbe: Probe;
  readonly livenessProbe: Probe;
  readonly readinessProbe: Probe;
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string; readonly subPath?: string }[];
  readonly securityContext: object;
  readonly resources: object;
}

export interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
}

export interface PodSpec {
  readonly terminationGracePeriodSeconds: number;
  readonly securityContext: object;
  readonly containers: readonly [Container];
  readonly volumes: readonly {
    readonly name: string;
    readonly emptyDir?: object;
    readonly configMap?: { readonly name: string };
    readonly secret?: { readonly secretName: string };
  }[];
}

export type Labels = Readonly<Record<string, string>>;

/** The kinds of deploy/kubernetes, as far as a check looks into them. */
export interface Manifests {
  readonly Deployment: {
    readonly spec: {
      readonly replicas: number;
      readonly selector: { readonly matchLabels: Labels };
      readonly template: { readonly metadata: { readonly labels: Labels }; readonly spec: PodSpec };
    };
  };
  readonly Service: {
    readonly spec: { readonly selector: Labels; readonly ports: readonly { readonly targetPort: string }[] };
  };
  readonly PodDisruptionBudget: {
    readonly spec: { readonly minAvailable: number; readonly selector: { readonly matchLabels: Labels } };
  };
  readonly NetworkPolicy: {
    readonly spec: {
      readonly podSelector: { readonly matchLabels: Labels };
      readonly ingress: readonly { readonly ports: readonly { readonly port: string }[] }[];
    };
  };
  readonly ConfigMap: { readonly metadata: { readonly name: string }; readonly data: Labels };
  readonly Secret: { readonly metadata: { readonly name: string }; readonly stringData: Labels };
}

const FOLDER = join(root, 'deploy/kubernetes');

/** Reads every manifest. Throws if one is no YAML, or if two are of the same kind. */
export function readManifests(): Manifests {
  const byKind: Record<string, unknown> = {};
  for (const file of readdirSync(FOLDER)) {
    for (const document of parseAllDocuments(readFileSync(join(FOLDER, file), 'utf8'))) {
      const manifest = document.errors.length > 0 ? null : (document.toJS() as { readonly kind: string });
      if (manifest === null || manifest.kind in byKind)
        throw new Error(`${file}: ${document.errors[0] ?? 'a kind twice'}`);
      byKind[manifest.kind] = manifest;
    }
  }
  return byKind as unknown as Manifests;
}

/** The files that the container finds, by path, as its volumes bring them. */
export function mountedFiles(manifests: Manifests): Map<string, string> {
  const { containers, volumes } = manifests.Deployment.spec.template.spec;
  const files = new Map<string, string>();
  for (const { name, mountPath } of containers[0].volumeMounts) {
    const volume = volumes.find((each) => each.name === name);
    if (volume === undefined) throw new Error(`no volume ${name}`);
    const { ConfigMap, Secret } = manifests;
    const texts =
      volume.configMap?.name === ConfigMap.metadata.name
        ? ConfigMap.data
        : volume.secret?.secretName === Secret.metadata.name
          ? Secret.stringData
          : {};
    for (const [file, text] of Object.entries(texts)) files.set(join(mountPath, file), text);
  }
  return files;
}
