/* SPDX-License-Identifier: Apache-2.0 */
/* What must go on when the program that began it is gone: the program runs itself again, as another process that
 * inherits nothing but three pipes and, for the line, the modem's port.  Blocking, and plain for that. */
#ifndef MODEM_HELPER_H
#define MODEM_HELPER_H

/* First word of the command line.  A program that uses modems hands the rest on at the start of its main():
 *   if (argc > 1 && !strcmp(argv[1], MODEM_HELPER)) return modem_helper(argc - 1, argv + 1); */
#define MODEM_HELPER "modem-helper"

int modem_helper(int argc, char **argv); /* the exit status */

/* Words after MODEM_HELPER:
 *   suspend MARKER LIMIT_MS N WORD*N WORD...   how to suspend (N words) and to resume, as in line_marker.h.
 *           Descriptor 3 is the port of "at".  Standard input: anything, or its end, resumes.  Standard output:
 *           lines "suspended", "refused WHY", "resumed", "stays WHY".
 *   restore MARKER                             the same without suspending, and with a port of its own
 *   usb PATH                                   writes 0 and, 3 s later, 1 to PATH, whatever happens in between */
int helper_suspend(int argc, char **argv);
int helper_restore(int argc, char **argv);

#define HELPER_TTY 3

#endif
