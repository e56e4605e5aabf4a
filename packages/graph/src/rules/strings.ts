import type { Rule } from '../rule.ts'
import type { strings as schemas } from '../schemas/strings.ts'

/** Rules of the operators of strings, which carry no derivatives. */
export const strings: { readonly [O in keyof typeof schemas]: Rule } = {
  StringConcat: 'zero',
  StringNormalizer: 'zero',
  StringSplit: 'zero',
  RegexFullMatch: 'zero',
  TfIdfVectorizer: 'zero',
}
