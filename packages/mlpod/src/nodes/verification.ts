import { type Dataset, type Evidence, hashValue, PodError } from '@mlpod/contract'
import { type AnyNode, type Inputs, type NodeContext, node, type Outputs } from '@mlpod/pipeline'
import { judge, type Measurements, type PromiseSet } from '@mlpod/promise'
import { environment, environmentHash } from '@mlpod/store'
import { engineVersions } from '../engines.ts'
import { VERIFY } from '../verdicts.ts'
import { dataHashes, dataOf, type Looks, looksAt } from './looks.ts'

/** What `verification` takes. */
export interface VerificationOptions {
  /** `verify` by default. */
  readonly name?: string
  readonly promises: PromiseSet
  /** Where the evidence goes that speaks of the model: the same on every run. */
  readonly evidence: Dataset<unknown, readonly Evidence[]>
  /** Where the evidence of volatile promises goes, which speaks of this machine; needed if there is such a promise. */
  readonly volatile?: Dataset<unknown, readonly Evidence[]>
}

/**
 * Returns the node that measures every promise and judges them together. It reads all that the claims read, and the run keys of
 * all nodes before it are part of its own, so it never speaks of a model that another code made.
 * Looks at new data are counted in the pod's ledger. Throws `DATASET_UNNAMED`, and `VOLATILE_UNPLACED` when a promise is volatile
 * and there is no place for its evidence.
 */
export function verification({ name = 'verify', promises, evidence, volatile }: VerificationOptions): AnyNode {
  const handles = new Map<string, Dataset>()
  for (const [promise, claim] of Object.entries(promises.claims))
    for (const dataset of Object.values(claim.data)) {
      if (dataset.name === undefined)
        throw new PodError('DATASET_UNNAMED', `promise "${promise}" reads a dataset without a name`, {
          hint: 'take it from the catalog: catalog.NAME',
        })
      handles.set(dataset.name, dataset)
    }
  const unplaced = Object.entries(promises.claims).find(([, claim]) => claim.volatile)
  if (unplaced && !volatile)
    throw new PodError('VOLATILE_UNPLACED', `promise "${unplaced[0]}" is volatile, and its evidence has no place`, {
      hint: 'verification({ ..., volatile: catalog.NAME })',
    })
  return node<Inputs, Outputs, Looks>({
    name,
    inputs: Object.fromEntries(handles),
    outputs: { evidence: evidence as Dataset, ...(volatile ? { volatile: volatile as Dataset } : {}) },
    tags: [VERIFY],
    observes: 'keys',
    volatile: true,
    late: looksAt(promises),
    run: async (args, context) => {
      const all = await verify(promises, args as Readonly<Record<string, unknown>>, context)
      const [machine, model] = [true, false].map((side) => all.filter((piece) => (piece.volatile ?? false) === side))
      return { evidence: model, ...(volatile ? { volatile: machine } : {}) }
    },
  })
}

async function verify(
  promises: PromiseSet,
  values: Readonly<Record<string, unknown>>,
  context: NodeContext<Looks>,
): Promise<readonly Evidence[]> {
  const { late: looks, identity } = context
  const here = environmentHash(environment({ engines: engineVersions() }))
  const measurements: Record<string, Measurements[string]> = {}
  const all = Object.entries(promises.claims)
  for (const [i, [name, claim]] of all.entries()) {
    context.progress(i, all.length, 'promises')
    const inputs = Object.fromEntries(
      Object.entries(claim.data).map(([argument, dataset]) => [argument, values[dataset.name as string]]),
    )
    const measured = await claim.measure(inputs, { rebuild: context.rebuild, seed: context.seed })
    const model = Object.values(claim.data).find(({ kind }) => kind === 'model')
    measurements[name] = {
      measured,
      look: looks[name],
      provenance: {
        data: dataHashes(dataOf(claim.data), identity.inputs),
        ...(model ? { model: identity.inputs[model.name as string] } : {}),
        code: identity.code,
        params: hashValue({ confidence: promises.confidence, look: looks[name], seed: context.seed }),
        environment: here,
      },
    }
  }
  context.progress(all.length, all.length, 'promises')
  const judged = judge(promises, measurements)
  const evidence = Object.values(judged)
  for (const verdict of ['kept', 'broken', 'undecided'] as const)
    context.log(`promises.${verdict}`, evidence.filter((piece) => piece.verdict === verdict).length)
  return evidence
}
