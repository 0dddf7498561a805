"""Words of asking and of learning: they say nothing of what is asked for."""

from __future__ import annotations

import functools

from edu.search.analysis import normal_form, stem_word

ASKING = """
дай дайте давай покажи покажите найди найдите найти посоветуй посоветуйте порекомендуй подбери
подберите подскажи подскажите подкинь скинь скиньте кинь помоги помогите помочь расскажи
расскажите объясни объясните объяснить объяснение поясни составь составить сделай напиши нужно
нужен нужна нужны хочу хотел хотелось могу можешь можете можно надо пожалуйста плиз плз спасибо
привет здравствуйте ищу искать взять скачать почитать прочитать читать посмотреть смотреть
поучить учить выучить изучить изучать изучение изучения изучению подготовиться
подготовка подготовки готовиться готовлюсь понять понимаю понял разобраться разобрать повторить
пройти освоить начать сдать сдавать сдам сдаю успеть материал материала материалу материалы
материалов материалами материалах материалам литература литературу инфа
инфу информация информацию тема теме тему темы вопрос вопросы предмет предмету
курсу ответ ответь скажи хороший хорошие хорошую лучшие лучший какие-нибудь что-нибудь чтонибудь
что-то чтото то чего вас вам тебя учеба учебы учебе учебой каких-нибудь нибудь либо про
насчет касательно
подробно подробнее поподробнее кратко вкратце коротко полностью весь всю быстро срочно скоро
просто полезное интересное другой другие другое больше немного
такое значит означает между завтра послезавтра сегодня экзамен экзамену экзамена экзамене экзамены
зачет зачету зачета сессия сессии сессию контрольная контрольной контрольную коллоквиум пересдача
пересдаче универ универе вуз вузе студент студента студентов экз
только лишь именно обязательно теперь затем пж пжл плс ботать поботать ботаю заботать зубрить
работать работает делать пример примеры примеров штук штуки
example examples only just also now
библиотека библиотеке библиотеки здесь
give show find recommend suggest help tell explain describe define please thanks thank hello hi
prepare preparation study studying learn learning understand understanding need needed want wanted
start pass read reading watch look looking material materials resource resources course topic
subject question questions info some any anything something good best nice useful
library you your me my i'm i get let know exam exams test upcoming soon about regarding
difference between
"""
# Endings of questions that search would otherwise correct towards words of the library.
TIME_WORDS = """
день дня дней неделя неделю недели недель неделе неделях месяц месяца месяцев час часа часу часов
полчаса минут минуты минуту ежедневно каждый вечер вечерам будням выходным через января февраля
марта апреля мая июня июля августа сентября октября ноября декабря январе феврале марте апреле мае
июне июле августе сентябре октябре ноябре декабре понедельник вторник среда среду четверг пятница
пятницу суббота субботу воскресенье конце начале середине один одну два две три четыре пять шесть
семь восемь девять десять пару полтора числа
попроще полегче посложнее углубленно углубленный продвинутый чайников начинающих нуля олимпиадные
план плана график расписание разница отличие отличается зачем почему второе третье первое последнее
ещё еще видео лекции лекций лекцию задачник задачники задачника учебник учебники книга книги книгу
конспекты билеты билетов задачи задач семинары пособие методичка шпаргалка
day days week weeks month months hour hours minute minutes half daily weekly tomorrow today january
february march april may june july august september october november december monday tuesday
wednesday thursday friday saturday sunday one two three four five six seven eight nine ten couple
easier harder advanced beginner beginners dummies simple simpler plan schedule why how second third
first last more another else video videos lecture lectures textbook textbooks book books problems
exercises seminar seminars notes pdf
"""


@functools.cache
def asking_words() -> frozenset[str]:
    """ASKING in normal form. Whole words: a stem would take «быстрая» for «быстро»."""
    return frozenset(map(normal_form, ASKING.split()))


@functools.cache
def own_words() -> frozenset[str]:
    """All words that questions are made of, in normal form: a slip in one is corrected to it."""
    return asking_words() | frozenset(map(normal_form, TIME_WORDS.split()))


@functools.cache
def own_stems() -> frozenset[str]:
    """Their stems, which are known whatever the library holds."""
    return frozenset(stem for word in own_words() if (stem := stem_word(word)))
