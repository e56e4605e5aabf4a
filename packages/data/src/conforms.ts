import type { Claim, Dataset, Json, MeasuredPart } from '@mlpod/contract'
import { checkSchema } from './checkSchema.ts'
import type { Expectation, ExpectationResult } from './expectations/expectation.ts'
import { checkExpectation, expectations } from './expectations/run.ts'
import type { Relation } from './relation.ts'
import { asRowSchema, type SchemaLike } from './standardSchema.ts'

/**
 * Claims that a table fulfils a schema and expectations: no rule and no critical expectation is violated. Counted on the
 * rows themselves, so it has no sampling error; each rule and expectation is a part, warnings stand in the detail.
 * Throws `EXPECTATION_INVALID` when an expectation makes no sense.
 */
export function conforms<Row>(
  data: Dataset<Relation<Row>, never>,
  {
    schema,
    expectations: list = [],
  }: { readonly schema?: SchemaLike; readonly expectations?: readonly Expectation<keyof Row & string>[] },
): Claim {
  list.forEach(checkExpectation)
  const columns = schema && Object.keys(asRowSchema(schema).columns).length
  const subjects = [columns && `a schema of ${columns} columns`, list.length > 0 && `${list.length} expectations`]
  return {
    statement: `the data conforms to ${subjects.filter(Boolean).join(' and ')}`,
    quantity: 'violations',
    operator: '=',
    threshold: 0,
    data: { data: data as Dataset },
    async measure({ data: read }) {
      const relation = read as Relation<Row>
      const n = await relation.count()
      const checked = schema && (await checkSchema(relation, schema))
      const results = await expectations(relation, list)
      const parts: MeasuredPart[] = (checked?.violations ?? []).map(({ column, sentence, count }) => ({
        name: `${column} ${sentence}`,
        measurement: { kind: 'exact', value: count, n },
      }))
      if (checked?.ok) parts.push({ name: 'schema', measurement: { kind: 'exact', value: 0, n } })
      for (const result of results)
        if (result.severity === 'critical')
          parts.push({
            name: result.sentence,
            measurement: { kind: 'exact', value: violations(result), n: result.elements },
          })
      const failed = results.filter(({ status }) => status !== 'pass')
      return {
        parts,
        dropped: 0,
        method: 'count of violations',
        detail: { schema: (checked?.violations ?? []) as unknown as Json, failed: failed as unknown as Json },
      }
    },
  }
}

/** What counts against a promise: the unexpected rows of a failed expectation, and one where no row is to blame. */
const violations = ({ status, unexpected }: ExpectationResult): number =>
  status === 'pass' ? 0 : Math.max(1, unexpected)
