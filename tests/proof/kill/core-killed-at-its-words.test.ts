import { rehearse } from './rehearsal.ts';
import { sessionPoints } from './points.ts';

rehearse(sessionPoints.slice(Math.ceil(sessionPoints.length / 2)), { pairs: 30, seed: 2 });
