import { PodError } from '@mlpod/contract'
import type { Answerer } from './answer.ts'
import type { PredictRequest } from './request.ts'

/** The metadata key of the rows whose answers a packed model knows. */
const GOLDEN = 'mlpod.golden'
const TOLERANCE = 1e-5

interface Golden {
  readonly rows: PredictRequest['rows']
  /** Numbers by output; bigints as decimal text, what is not finite as a word. */
  readonly outputs: Readonly<Record<string, { readonly data: readonly (number | string)[] }>>
}

/**
 * Asks the model the questions whose answers it carries. Throws `SELF_TEST_FAILED` when an answer differs by more than
 * 1e-5 (relative and absolute): this runtime on this machine does not compute what was promised.
 * A model without golden rows has nothing to compare.
 */
export async function selfTest(
  metadata: Readonly<Record<string, string>>,
  answerer: Pick<Answerer, 'run'>,
): Promise<void> {
  const text = metadata[GOLDEN]
  if (text === undefined) return
  const { rows, outputs } = readGolden(text)
  const answers = await answerer.run(rows)
  for (const [name, { data }] of Object.entries(outputs)) {
    const given = answers[name]?.data as ArrayLike<number | bigint | string> | undefined
    if (given?.length !== data.length)
      throw failed(`the model's output "${name}" has another shape than its golden answers`)
    const at = data.findIndex((expected, i) => !close(Number(given[i]), Number(expected)))
    if (at >= 0)
      throw failed(
        `golden row ${Math.floor(at / (data.length / rows.length))} is answered with ${name} ${given[at]}, not ${data[at]}`,
        'this runtime on this machine does not compute what the file says',
      )
  }
}

function readGolden(text: string): Golden {
  try {
    const { rows, outputs } = JSON.parse(text) as Golden
    if (Array.isArray(rows) && rows.length > 0 && Object.values(outputs).every(({ data }) => Array.isArray(data)))
      return { rows, outputs }
  } catch {
    // said below
  }
  throw failed(`the model's golden rows ("${GOLDEN}") are not readable`)
}

const close = (a: number, b: number): boolean =>
  Object.is(a, b) || (Number.isNaN(a) && Number.isNaN(b)) || Math.abs(a - b) <= TOLERANCE * (1 + Math.abs(b))

const failed = (what: string, because?: string): PodError =>
  new PodError('SELF_TEST_FAILED', what, {
    ...(because ? { because } : {}),
    hint: 'pack the model again on this machine: mlpod run',
  })
