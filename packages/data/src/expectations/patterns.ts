import type { ExprNode } from '@uwdata/mosaic-sql'
import type { Expectation, Of } from './expectation.ts'
import { judged } from './judged.ts'
import { textLiteral } from './members.ts'
import { type Context, call, type Entry, one, rows } from './plan.ts'
import { patternOf, refusePatterns } from './pythonPattern.ts'
import { listed } from './range.ts'
import { refuseFormat } from './strftime.ts'

type Regex = Expectation & { readonly type: 'matchRegex' | 'notMatchRegex' }
type Like = Expectation & { readonly type: 'matchLike' | 'notMatchLike' }

/** The value as text. */
const text = ({ sql, columns: [c] }: Context): ExprNode => sql.cast(c.value, 'VARCHAR')

/** Judges a text by which of some patterns it matches: in SQL, or for patterns beyond RE2 once for each distinct value. */
function byPatterns(
  context: Context,
  patterns: readonly string[],
  inSql: (matches: readonly ExprNode[]) => ExprNode,
  good: (matches: readonly boolean[]) => boolean,
) {
  const { sql } = context
  const forms = patterns.map(patternOf)
  if (forms.some(({ re2 }) => re2 === undefined))
    return judged(context, (value) => good(forms.map(({ js }) => js.test(value))))
  const matches = forms.map(({ re2 }) => call(sql, 'regexp_matches', text(context), textLiteral(sql, re2!)))
  return rows(context, { unexpected: inSql(matches) })
}

const like = (context: Context, patterns: readonly string[], escape?: string): ExprNode[] =>
  patterns.map((pattern) =>
    escape
      ? call(
          context.sql,
          'like_escape',
          text(context),
          textLiteral(context.sql, pattern),
          textLiteral(context.sql, escape),
        )
      : new context.sql.BinaryOpNode('LIKE', text(context), textLiteral(context.sql, pattern)),
  )

const refuseLike = ({ patterns, escape }: { readonly patterns: readonly string[]; readonly escape?: string }) =>
  patterns.length === 0
    ? 'its list of patterns is empty'
    : escape && [...escape].length !== 1
      ? `its escape ${JSON.stringify(escape)} is not one character`
      : undefined
const refuseOneLike = ({ pattern, escape }: Like) => refuseLike({ patterns: [pattern], escape })

const some = (list: readonly boolean[]): boolean => list.includes(true)
const every = (list: readonly boolean[]): boolean => !list.includes(false)

/** Expectations of texts that SQL judges by patterns. */
export const patternEntries = {
  matchRegex: {
    fits: 'any',
    columns: one,
    sentence: (e: Regex) => `${e.column} matches ${e.pattern}`,
    refuse: ({ pattern }) => refusePatterns([pattern]),
    plan: (context, { pattern }) => byPatterns(context, [pattern], ([matches]) => context.sql.not(matches), every),
  } satisfies Entry<Regex>,
  notMatchRegex: {
    fits: 'any',
    columns: one,
    sentence: (e: Regex) => `${e.column} does not match ${e.pattern}`,
    refuse: ({ pattern }) => refusePatterns([pattern]),
    plan: (context, { pattern }) =>
      byPatterns(
        context,
        [pattern],
        ([matches]) => matches,
        (list) => !some(list),
      ),
  } satisfies Entry<Regex>,
  matchRegexList: {
    fits: 'any',
    columns: one,
    sentence: ({ column, patterns, matchOn = 'any' }: Of<'matchRegexList'>) =>
      `${column} matches ${matchOn} of ${listed(patterns)}`,
    refuse: ({ patterns }) => refusePatterns(patterns),
    plan: (context, { patterns, matchOn = 'any' }) =>
      byPatterns(
        context,
        patterns,
        (matches) => context.sql.not((matchOn === 'all' ? context.sql.and : context.sql.or)(...matches)),
        matchOn === 'all' ? every : some,
      ),
  } satisfies Entry<Of<'matchRegexList'>>,
  notMatchRegexList: {
    fits: 'any',
    columns: one,
    sentence: ({ column, patterns }: Of<'notMatchRegexList'>) => `${column} matches none of ${listed(patterns)}`,
    refuse: ({ patterns }) => refusePatterns(patterns),
    plan: (context, { patterns }) =>
      byPatterns(
        context,
        patterns,
        (matches) => context.sql.or(...matches),
        (list) => !some(list),
      ),
  } satisfies Entry<Of<'notMatchRegexList'>>,
  matchLike: {
    fits: 'any',
    columns: one,
    sentence: (e: Like) => `${e.column} is like ${e.pattern}`,
    refuse: refuseOneLike,
    plan: (context, { pattern, escape }) =>
      rows(context, { unexpected: context.sql.not(like(context, [pattern], escape)[0]) }),
  } satisfies Entry<Like>,
  notMatchLike: {
    fits: 'any',
    columns: one,
    sentence: (e: Like) => `${e.column} is not like ${e.pattern}`,
    refuse: refuseOneLike,
    plan: (context, { pattern, escape }) => rows(context, { unexpected: like(context, [pattern], escape)[0] }),
  } satisfies Entry<Like>,
  matchLikeList: {
    fits: 'any',
    columns: one,
    sentence: ({ column, patterns, matchOn = 'any' }: Of<'matchLikeList'>) =>
      `${column} is like ${matchOn} of ${listed(patterns)}`,
    refuse: refuseLike,
    plan: (context, { patterns, matchOn = 'any', escape }) => {
      const { and, or, not } = context.sql
      return rows(context, { unexpected: not((matchOn === 'all' ? and : or)(...like(context, patterns, escape))) })
    },
  } satisfies Entry<Of<'matchLikeList'>>,
  notMatchLikeList: {
    fits: 'any',
    columns: one,
    sentence: ({ column, patterns }: Of<'notMatchLikeList'>) => `${column} is like none of ${listed(patterns)}`,
    refuse: refuseLike,
    plan: (context, { patterns, escape }) =>
      rows(context, { unexpected: context.sql.or(...like(context, patterns, escape)) }),
  } satisfies Entry<Of<'notMatchLikeList'>>,
  matchStrftime: {
    fits: 'text',
    columns: one,
    sentence: ({ column, format }: Of<'matchStrftime'>) => `${column} is a time written as ${format}`,
    refuse: ({ format }) => refuseFormat(format),
    plan: (context, { format }) => {
      const { sql } = context
      return rows(context, { unexpected: sql.isNull(call(sql, 'try_strptime', text(context), sql.literal(format))) })
    },
  } satisfies Entry<Of<'matchStrftime'>>,
} as const
