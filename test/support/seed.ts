/**
 * Where a change is judged, property tests draw the same cases each time; elsewhere new ones, whose seed is printed
 * with a failure.
 */
import fc from "fast-check";

if (process.env.CI !== undefined) fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: 20_261_122 });
