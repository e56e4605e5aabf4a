export { describeTexts } from './describeTexts.ts'
export { type TextDescriptor, textDescriptors } from './descriptors.ts'
export { type Ask as AskJudge, type JudgeCache, type Judged, type JudgeOptions, judge } from './judge.ts'
export { type Judgement, type JudgePrompt, judgePrompts } from './judgePrompt.ts'
export {
  describePairs,
  type Embed as EmbedTexts,
  type EmbedTokens,
  type PairDescriptor,
  pairDescriptors,
} from './pairs.ts'
