import { rehearse } from './rehearsal.ts';
import { sessionPoints } from './points.ts';

rehearse(sessionPoints.slice(0, Math.ceil(sessionPoints.length / 2)), { pairs: 30, seed: 1 });
