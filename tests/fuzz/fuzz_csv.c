/* SPDX-License-Identifier: Apache-2.0 */
/* A list from a stranger's spreadsheet: any bytes give a table whose cells can be read, or a sentence. */
#include "../../collector/store/csv.h"
#include "../../collector/store/names.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct why why = { "" };
	char out[256];
	struct csv c;
	size_t sum = 0;

	if (csv_parse(&c, data, size, &why) < 0) {
		if (!why.text[0])
			abort();
		return 0;
	}
	csv_column(&c, "hamlet_code|code|ma_thon");
	for (size_t row = 0; row < c.rows; row++)
		for (size_t i = 0; i < c.columns; i++) {
			sum += strlen(csv_cell(&c, row, (int)i));
			names_clean(csv_cell(&c, row, (int)i), out, sizeof(out));
			names_plain(out, out + 128, 128);
		}
	if (sum > size)
		abort();
	csv_done(&c);
	return 0;
}
