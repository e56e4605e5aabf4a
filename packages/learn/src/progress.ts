import { type Json, PodError, type Tensor } from '@mlpod/contract'
import type { Callback, EpochRecord } from './callback.ts'
import type { Checkpoint } from './checkpoint.ts'
import type { Best, newStopping, StoppingState } from './stopping.ts'
import type { Tally } from './tally.ts'
import type { State } from './trainer.ts'
import type { TrainingStep } from './trainingStep.ts'

/** Where training stands between two runs. */
export interface Progress {
  /** What tells this training from another: graph, settings of the optimizer, seed. */
  readonly identity: string
  /** The epoch that is next or under way, from 1. */
  readonly epoch: number
  readonly tally: Tally
  readonly history: EpochRecord[]
  readonly steps: number
  /** What learning rates are multiplied with. */
  readonly factor: number
  readonly state: State
}

type Stopping = ReturnType<typeof newStopping> | undefined

const bestName = (i: number, path: string): string => `best ${i} ${path}`

/** Returns what a checkpoint keeps. Random numbers need nothing: they follow from the seed and the step. */
export function saved({ state, ...plain }: Progress, callbacks: readonly Callback[], stopping: Stopping): Checkpoint {
  const best = stopping?.best() ?? []
  return {
    tensors: {
      ...state,
      ...Object.fromEntries(
        best.flatMap(({ parameters }, i) =>
          Object.entries(parameters).map(([path, value]) => [bestName(i, path), value]),
        ),
      ),
    },
    plain: {
      ...plain,
      stopping: stopping?.state() ?? null,
      callbacks: Object.fromEntries(
        callbacks.flatMap((callback) => (callback.state ? [[callback.name, callback.state()]] : [])),
      ),
    } as unknown as Json,
  }
}

/**
 * Returns where training stands by a checkpoint; callbacks and early stopping take what they kept. Throws
 * `CHECKPOINT_MISMATCH`, listing what is missing or not expected, when it is of another training.
 */
export function resumed(
  { tensors, plain }: Checkpoint,
  identity: string,
  { state }: Pick<TrainingStep, 'state'>,
  callbacks: readonly Callback[],
  stopping: Stopping,
): Progress {
  const {
    history,
    tally,
    stopping: stood,
    ...rest
  } = plain as unknown as Omit<Progress, 'state'> & {
    readonly stopping: StoppingState | null
    readonly callbacks: Readonly<Record<string, Json>>
  }
  const given = Object.keys(tensors).filter((name) => !name.startsWith('best '))
  const missing = Object.keys(state).filter((name) => !(name in tensors))
  const unexpected = given.filter((name) => !(name in state))
  const sizes = Object.keys(state).filter(
    (name) => name in tensors && String(tensors[name].shape) !== String(state[name].initial.shape),
  )
  if (missing.length + unexpected.length + sizes.length > 0 || rest.identity !== identity)
    throw new PodError('CHECKPOINT_MISMATCH', 'the checkpoint is of another training', {
      because:
        [
          missing.length > 0 && `it lacks ${missing.join(', ')}`,
          unexpected.length > 0 && `it has ${unexpected.join(', ')}, which this training does not know`,
          sizes.length > 0 && `the sizes of ${sizes.join(', ')} differ`,
        ]
          .filter(Boolean)
          .join('; ') || 'the graph, the settings of the optimizer or the seed are not those that it was written with',
      hint: 'go on with the options it was begun with, or give another folder',
    })
  for (const callback of callbacks)
    if (callback.name in rest.callbacks) callback.restore?.(rest.callbacks[callback.name])
  if (stopping && stood)
    stopping.restore(numbered(stood), (i) => {
      const start = bestName(i, '')
      return Object.fromEntries(
        Object.entries(tensors).flatMap(([name, value]) =>
          name.startsWith(start) ? [[name.slice(start.length), value]] : [],
        ),
      ) as Best['parameters'] & Record<string, Tensor<'float32'>>
    })
  return { ...rest, tally: numbered(tally), history: numbered(history), state: tensors }
}

/** What the canonical encoding writes as text: numbers that are none. */
const numbered = <T>(value: T): T =>
  JSON.parse(JSON.stringify(value), (_, member) =>
    ['NaN', 'Infinity', '-Infinity'].includes(member) ? Number(member) : member,
  ) as T
