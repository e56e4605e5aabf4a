import { mkdir, rm, stat } from 'node:fs/promises'
import { type Dataset, didYouMean, PodError } from '@mlpod/contract'
import type { Store, Stored } from '@mlpod/store'
import { nodeFailure } from './failure.ts'
import type { Job, JobHost, Made } from './job.ts'
import { isList } from './list.ts'
import type { AnyNode, NodeContext } from './node.ts'
import { inputDatasets } from './pipeline.ts'

/**
 * Runs a node once: reads its inputs, calls it, writes what it returns to temporary files and puts them in the store.
 * Throws the node's own error with its name and place, `INPUT_UNREADABLE`, `OUTPUT_MISSING`, `OUTPUT_UNKNOWN` or
 * `OUTPUT_UNWRITABLE`; nothing is kept then.
 */
export async function execute(
  node: AnyNode,
  job: Job,
  host: JobHost,
  store: Store,
  root: string,
  signal: AbortSignal,
): Promise<Made> {
  const scratch = store.temporary()
  await mkdir(scratch)
  try {
    const args: Record<string, unknown> = { ...job.params }
    if (job.element && 'value' in job.element) args[node.each!] = job.element.value
    for (const [argument, dataset] of inputDatasets(node))
      try {
        args[argument] = await readInput(argument, dataset, job, node.each)
      } catch (error) {
        throw about(
          'INPUT_UNREADABLE',
          `${node.name}: input "${argument}" (dataset "${dataset.name}") cannot be read`,
          error,
        )
      }
    const returned = await call(node, args, contextOf(job, host, scratch, signal), root)
    checkReturned(node, returned)
    const made: Record<string, Stored> = {}
    for (const argument of Object.keys(node.outputs))
      made[argument] = await keep(node, argument, returned[argument], job.keep, store)
    return made
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

function readInput(argument: string, dataset: Dataset, { inputs, element }: Job, each?: string): Promise<unknown> {
  if (argument === each && element && 'path' in element && isList(dataset)) return dataset.of.read(element.path)
  return dataset.read(inputs[argument])
}

async function call(
  node: AnyNode,
  args: Record<string, unknown>,
  context: NodeContext,
  root: string,
): Promise<Record<string, unknown>> {
  try {
    const run = node.run as (args: Record<string, unknown>, context: NodeContext) => unknown
    return ((await run(Object.freeze(args), context)) ?? {}) as Record<string, unknown>
  } catch (error) {
    throw nodeFailure(node.name, error, root)
  }
}

const contextOf = (
  { node, seed, late, identity }: Job,
  host: JobHost,
  scratch: string,
  signal: AbortSignal,
): NodeContext => ({
  node,
  seed,
  late,
  identity,
  signal,
  scratch,
  log: (name, value, step = 0) => host.report({ type: 'metric', name, value, step }),
  progress: (done, total, unit) => host.report({ type: 'progress', done, total, unit }),
  note: (text) => host.report({ type: 'note', text }),
  rebuild: (nodes) => host.rebuild(nodes),
})

function checkReturned(node: AnyNode, returned: Record<string, unknown>): void {
  const expected = Object.keys(node.outputs)
  if (typeof returned !== 'object' || Array.isArray(returned))
    throw new PodError(
      'OUTPUT_MISSING',
      `${node.name}: run returned ${Array.isArray(returned) ? 'a list' : `a ${typeof returned}`} and not its outputs`,
      {
        at: `node ${node.name}`,
        hint: `return { ${expected.join(', ')} }`,
      },
    )
  for (const argument of expected)
    if (returned[argument] === undefined)
      throw new PodError('OUTPUT_MISSING', `${node.name}: run did not return output "${argument}"`, {
        at: `node ${node.name}, dataset ${node.outputs[argument].name}`,
        hint: `return { ${expected.join(', ')} }`,
      })
  for (const argument of Object.keys(returned))
    if (!Object.hasOwn(node.outputs, argument))
      throw new PodError(
        'OUTPUT_UNKNOWN',
        `${node.name}: run returned "${argument}", which is no output${didYouMean(argument, expected)}`,
        {
          at: `node ${node.name}`,
          hint: 'add it to outputs, or do not return it',
        },
      )
}

async function keep(node: AnyNode, argument: string, value: unknown, keepIt: boolean, store: Store): Promise<Stored> {
  const whole = node.outputs[argument]
  const dataset = node.each !== undefined && isList(whole) ? { ...whole.of, name: whole.name } : whole
  const path = store.temporary()
  try {
    await dataset.write(value as never, path).catch((error) => {
      throw about(
        'OUTPUT_UNWRITABLE',
        `${node.name}: output "${argument}" (dataset "${dataset.name}") cannot be written as ${dataset.kind}`,
        error,
      )
    })
    const info = await stat(path).catch(() => undefined)
    if (info === undefined)
      throw new PodError('OUTPUT_MISSING', `${node.name}: nothing was written for output "${argument}"`, {
        at: `dataset ${dataset.name}, kind ${dataset.kind}`,
      })
    if (!keepIt) return await store.identify(path)
    return info.isDirectory() ? await store.putDirectory(path) : await store.putFile(path, { move: true })
  } finally {
    await rm(path, { recursive: true, force: true })
  }
}

/** An error about a dataset: the reason is what was thrown. */
function about(code: string, message: string, error: unknown): PodError {
  const cause = error as Partial<PodError>
  return new PodError(code, message, {
    because: cause?.message ?? String(error),
    ...(cause?.at !== undefined && { at: cause.at }),
    ...(cause?.hint !== undefined && { hint: cause.hint }),
    cause: error,
  })
}
