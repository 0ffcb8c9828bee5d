/*
 * The bounded cursor of imsg: no reader takes a byte that is not there, and
 * nothing grows past its end.
 */

#include "imsg_util.h"

static void
test_skip(void **state)
{
	struct ibuf buf;
	char mem[10];
	size_t len, want;

	(void)state;
	for (len = 0; len <= sizeof(mem); len++) {
		for (want = 0; want <= len + 1; want++) {
			ibuf_from_buffer(&buf, mem, len);
			errno = 0;
			if (want > len) {
				assert_int_equal(ibuf_skip(&buf, want), -1);
				assert_int_equal(errno, EBADMSG);
				assert_int_equal(ibuf_size(&buf), len);
				assert_ptr_equal(ibuf_data(&buf), mem);
			} else {
				assert_int_equal(ibuf_skip(&buf, want), 0);
				assert_int_equal(ibuf_size(&buf), len - want);
				assert_ptr_equal(ibuf_data(&buf), mem + want);
			}
		}
	}
}

static void
test_empty(void **state)
{
	struct ibuf buf;

	(void)state;
	ibuf_from_buffer(&buf, NULL, 0);
	assert_int_equal(ibuf_size(&buf), 0);
	assert_null(ibuf_data(&buf));
	assert_int_equal(ibuf_skip(&buf, 0), 0);
	assert_int_equal(ibuf_skip(&buf, SIZE_MAX), -1);
	ibuf_free(NULL);
}

static void
test_limits(void **state)
{
	struct ibuf *buf, view;
	char c[4];
	size_t i;

	(void)state;
	buf = ibuf_open(1000);
	assert_non_null(buf);
	for (i = 0; i < 1000; i++)
		assert_int_equal(ibuf_add(buf, &"0123456789"[i % 10], 1), 0);
	assert_int_equal(ibuf_add(buf, "", 1), -1);
	assert_int_equal(errno, ERANGE);
	assert_int_equal(ibuf_add(buf, "", SIZE_MAX), -1);
	assert_int_equal(ibuf_add(buf, NULL, 0), 0);
	assert_int_equal(ibuf_size(buf), 1000);
	for (i = 0; i < 1000; i++)
		assert_int_equal(
		    ((unsigned char *)ibuf_data(buf))[i], '0' + i % 10);
	ibuf_free(buf);

	ibuf_from_buffer(&view, c, sizeof(c));
	errno = 0;
	assert_int_equal(ibuf_add(&view, "x", 1), -1);
	assert_int_equal(errno, ERANGE);
	assert_int_equal(ibuf_size(&view), sizeof(c));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_skip),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_limits),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
