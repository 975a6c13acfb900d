/* The least that answers as plain CGI: what a program costs before it does anything. */
#include <unistd.h>

int
main(void)
{
	static const char answer[] = "Status: 200 OK\r\nContent-Type: text/plain\r\n\r\nhello\n";

	return write(STDOUT_FILENO, answer, sizeof(answer) - 1) < 0;
}
