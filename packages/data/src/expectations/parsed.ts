import { isDateText } from './dateText.ts'
import type { Of } from './expectation.ts'
import { jsonSchema } from './jsonSchema.ts'
import { readJson } from './jsonText.ts'
import { judged } from './judged.ts'
import { type Entry, one } from './plan.ts'

type OfOne = { readonly column: string }

/** Expectations of texts that are parsed, once for each distinct value. */
export const parsedEntries = {
  dateutilParseable: {
    fits: 'text',
    columns: one,
    sentence: (e: OfOne) => `${e.column} is a day or a moment in some common form`,
    plan: (context) => judged(context, isDateText),
  } satisfies Entry<OfOne>,
  jsonParseable: {
    fits: 'text',
    columns: one,
    sentence: (e: OfOne) => `${e.column} is JSON`,
    plan: (context) => judged(context, (text) => readJson(text) !== undefined),
  } satisfies Entry<OfOne>,
  matchJsonSchema: {
    fits: 'text',
    columns: one,
    sentence: (e: OfOne) => `${e.column} is JSON of its schema`,
    refuse({ schema }) {
      try {
        jsonSchema(schema)
        return undefined
      } catch (error) {
        return (error as Error).message
      }
    },
    plan(context, { schema }) {
      const judge = jsonSchema(schema)
      return judged(context, (text) => {
        const read = readJson(text)
        return read !== undefined && judge(read.value)
      })
    },
  } satisfies Entry<Of<'matchJsonSchema'>>,
} as const
