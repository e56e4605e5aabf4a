import { didYouMean, PodError, sizeOf, type Tensor } from '@mlpod/contract'
import type { Signature } from './model.ts'
import type { Dim } from './value.ts'

interface Bound {
  readonly size: number
  readonly by: string
}

/** Checks what is fed against what the model takes. Throws `INPUT_UNKNOWN`, `INPUT_MISSING`, `DTYPE_MISMATCH`, `SHAPE_MISMATCH`. */
export function checkFeeds(feeds: Readonly<Record<string, Tensor>>, inputs: readonly Signature[]): void {
  const names = inputs.map(({ name }) => name)
  for (const name of Object.keys(feeds))
    if (!names.includes(name))
      throw new PodError('INPUT_UNKNOWN', `the model has no input "${name}"${didYouMean(name, names)}`)
  const sizes = new Map<Dim, Bound>()
  for (const { name, dtype, shape, optional } of inputs) {
    const tensor = feeds[name]
    if (tensor !== undefined) checkTensor(`the input "${name}"`, name, { dtype, shape }, tensor, sizes)
    else if (!optional)
      throw new PodError('INPUT_MISSING', `the input "${name}" is not fed`, {
        hint: `feed a ${dtype}[${shape?.join(', ') ?? '...'}]`,
      })
  }
}

/** Checks which outputs are asked for, and what they are written into. Throws `OUTPUT_UNKNOWN`, `OUTPUT_UNSUPPORTED`, `DTYPE_MISMATCH`, `SHAPE_MISMATCH`. */
export function checkOutputs(
  outputs: readonly Signature[],
  wanted: readonly string[],
  into: Readonly<Record<string, Tensor>>,
): void {
  const names = outputs.map(({ name }) => name)
  for (const name of [...wanted, ...Object.keys(into)]) {
    const signature = outputs.find((output) => output.name === name)
    if (signature === undefined)
      throw new PodError('OUTPUT_UNKNOWN', `the model has no output "${name}"${didYouMean(name, names)}`)
    if (signature.dtype === undefined)
      throw new PodError('OUTPUT_UNSUPPORTED', `the output "${name}" is no tensor, and the runtime gives only those`, {
        hint: `ask for others with run(feeds, { outputs }), or export the model without it (scikit-learn: options={'zipmap': False})`,
      })
    if (into[name] !== undefined)
      checkTensor(`the place for the output "${name}"`, name, signature, into[name], new Map())
  }
}

function checkTensor(
  what: string,
  name: string,
  { dtype, shape }: Pick<Signature, 'dtype' | 'shape'>,
  tensor: Tensor,
  sizes: Map<Dim, Bound>,
): void {
  if (dtype !== undefined && tensor.dtype !== dtype)
    throw new PodError('DTYPE_MISMATCH', `${what} is ${dtype}, but ${tensor.dtype} is given`)
  if (tensor.data.length !== sizeOf(tensor.shape))
    throw new PodError(
      'SHAPE_MISMATCH',
      `${what} is given ${tensor.data.length} elements in the shape [${tensor.shape.join(', ')}]`,
    )
  if (shape === undefined) return
  const fits = shape.length === tensor.shape.length && shape.every((dim, i) => bind(dim, tensor.shape[i], name, sizes))
  if (fits) return
  const bound = shape
    .filter((dim) => sizes.has(dim))
    .map((dim) => `${dim} is ${sizes.get(dim)!.size} in "${sizes.get(dim)!.by}"`)
  throw new PodError(
    'SHAPE_MISMATCH',
    `${what} has the shape [${shape.join(', ')}], but [${tensor.shape.join(', ')}] is given`,
    { because: bound.length > 0 ? bound.join('; ') : undefined },
  )
}

// A named size is whatever it is first met with, and then the same everywhere.
function bind(dim: Dim, size: number, by: string, sizes: Map<Dim, Bound>): boolean {
  if (typeof dim === 'number') return dim === size
  if (dim === '') return true
  const known = sizes.get(dim)
  if (known === undefined) sizes.set(dim, { size, by })
  return known === undefined || known.size === size
}
