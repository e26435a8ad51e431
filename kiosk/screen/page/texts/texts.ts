import type { Language } from '../../site.ts';
import { en } from './en.ts';
import { type Texts, it } from './it.ts';

export type { Texts };
export const texts: Readonly<Record<Language, Texts>> = { it, en };
