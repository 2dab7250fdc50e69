import { takeBack } from "./require.ts";

takeBack();
