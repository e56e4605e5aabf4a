import { PodError, type Tensor } from '@mlpod/contract'
import { type Random, random } from '@mlpod/math'
import { type Columns, gatherRows, joinRows, type Layout, type NamedRows } from './data.ts'
import type { Chunk } from './source.ts'

/** Changes a batch before a step learns from it. */
export interface BatchAugmentation {
  readonly name: string
  /** The settings, as plain data: checkpoints tell by them whether a run goes on as it began. */
  readonly options?: Readonly<Record<string, unknown>>
  /** Returns a batch of the same columns, sizes and element types. `draw` follows from the seed and the number of the step alone. */
  readonly apply: (batch: NamedRows, draw: Random) => NamedRows
}

/** Returns what changes the batches of chunks, of which the first is the step behind `steps`. */
export function batchChanger(
  augmentations: readonly BatchAugmentation[],
  { seed, layout }: { readonly seed: number; readonly layout: Layout },
): (chunk: Chunk, steps: number) => Chunk {
  if (augmentations.length === 0) return (chunk) => chunk
  const draw = random({ seed, path: 'augment' })
  const changed = (columns: Columns, step: number): Columns => {
    const at = draw.at(String(step))
    const rows = augmentations.reduce(
      (batch, { apply }, i) => apply(batch, at.at(String(i))),
      rowsOfColumns(columns, layout),
    )
    const made = columnsOfRows(rows, layout)
    for (const [name, column] of Object.entries(columns)) checkSame(name, column, made[name])
    return made
  }
  return ({ columns, rows, size, steps }, before) => {
    const batches = Array.from({ length: steps }, (_, k) => {
      const own = Array.from(rows.subarray(k * size, (k + 1) * size), Number)
      const batch = Object.entries(columns).map(([name, column]) => [name, gatherRows(column, own)] as const)
      return changed(Object.fromEntries(batch), before + k + 1)
    })
    return {
      columns: Object.fromEntries(
        Object.keys(columns).map((name) => [name, joinRows(batches.map((batch) => batch[name]))]),
      ),
      rows: BigInt64Array.from({ length: size * steps }, (_, i) => BigInt(i)),
      size,
      steps,
    }
  }
}

function rowsOfColumns(columns: Columns, { inputs, targets, weights }: Layout): NamedRows {
  const named = (places: Readonly<Record<string, string>>): Record<string, Tensor> =>
    Object.fromEntries(Object.entries(places).map(([name, column]) => [name, columns[column]]))
  return {
    inputs: named(inputs),
    targets: named(targets),
    ...(weights !== undefined && { weights: columns[weights] as Tensor<'float32'> }),
  }
}

function columnsOfRows(rows: NamedRows, { inputs, targets, weights }: Layout): Columns {
  const placed = (places: Readonly<Record<string, string>>, values: Readonly<Record<string, Tensor>>) =>
    Object.entries(places).map(([name, column]) => [column, values[name]] as const)
  const all = [...placed(inputs, rows.inputs), ...placed(targets, rows.targets)]
  return Object.fromEntries(weights === undefined ? all : [...all, [weights, rows.weights!]])
}

function checkSame(name: string, was: Tensor, is: Tensor | undefined): void {
  const told = (t: Tensor | undefined): string => (t ? `${t.dtype}[${t.shape.join(', ')}]` : 'missing')
  if (told(was) !== told(is))
    throw new PodError('SHAPE_MISMATCH', `the column ${name} is ${told(was)}, and ${told(is)} after augmentation`)
}
