import type { Callback } from '../callback.ts'
import { recordNumbers } from './recordNumbers.ts'

/**
 * Returns the callback that gives every number of an epoch to `log(name, value, step)`, with the epoch as the step: what a
 * pipeline's node is given as `log`. `steps` gives those of every so many steps as well, named `step NAME`, with the step.
 */
export function logTo(
  log: (name: string, value: number, step: number) => void,
  { prefix = '', steps }: { readonly prefix?: string; readonly steps?: number } = {},
): Callback {
  const counted = new Set(['epoch', 'step', 'steps', 'rows'])
  const give = (numbers: Readonly<Record<string, number>>, begin: string, step: number): void => {
    for (const [name, value] of Object.entries(numbers))
      if (!counted.has(name)) log(`${prefix}${begin}${name}`, value, step)
  }
  return {
    name: `logTo ${prefix}`,
    onEpoch: (record) => give(recordNumbers(record), '', record.epoch),
    ...(steps !== undefined && {
      onStep: (record) => {
        if (record.step % steps === 0) give(recordNumbers(record), 'step ', record.step)
      },
    }),
  }
}
