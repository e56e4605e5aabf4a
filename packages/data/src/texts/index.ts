export { describeTexts } from './describeTexts.ts'
export { type TextDescriptor, textDescriptors } from './descriptors.ts'
