// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IChainlinkStreamOracle} from "../interfaces/IChainlinkStreamOracle.sol";
import {IOracle} from "../interfaces/IOracle.sol";
import {IReportFees} from "../interfaces/IReportFees.sol";
import {IReportVerifier} from "../interfaces/IReportVerifier.sol";
import {ParameterBounds} from "../libraries/ParameterBounds.sol";
import {FeedParameters} from "../types/FeedParameters.sol";
import {Price} from "../types/Price.sol";
import {ProofKind} from "../types/ProofKind.sol";
import {StreamOracleParameters} from "../types/StreamParameters.sol";
import {FeedRounds, Round} from "./FeedRounds.sol";
import {GivenPrices} from "./GivenPrices.sol";
import {SequencerCheck} from "./SequencerCheck.sol";
import {Report, StreamReports} from "./StreamReports.sol";

/// @dev A verified price that needs no proof any more.
struct KnownPrice {
    /// @dev [WAD quote per base]
    uint192 value;
    /// @dev [s]
    uint64 observedAt;
}

/// @dev A verified report that may show that orders had no price.
struct Evidence {
    /// @dev First second that it speaks for [s].
    uint64 validFrom;
    bool recorded;
    /// @dev Whether orders can have its price.
    bool usable;
}

/// @title ChainlinkStreamOracle
/// @notice An index price from Chainlink Data Streams reports.
contract ChainlinkStreamOracle is IChainlinkStreamOracle, SequencerCheck {
    using FeedRounds for FeedParameters;
    using GivenPrices for mapping(uint256 slot => uint256 marks);
    using SafeCast for uint256;
    using StreamReports for Report;
    using StreamReports for bytes;

    /// @dev 1% [WAD].
    uint256 private constant _MIN_INITIAL_MARGIN_RATIO = 0.01e18;
    /// @dev A minute: more seconds than reports span but after an outage, and few enough to give each its price [s].
    uint256 private constant _MAX_SPAN = 60;
    /// @dev Where the offset of the report points in the one encoding of a proof: behind itself and the round's id.
    uint256 private constant _REPORT_AT = 64;
    uint256 private constant _WORD = 32;

    /// @inheritdoc IChainlinkStreamOracle
    address public immutable verifierProxy;
    /// @inheritdoc IChainlinkStreamOracle
    bytes32 public immutable feedId;
    /// @inheritdoc IChainlinkStreamOracle
    uint256 public immutable maxSpread;
    /// @inheritdoc IChainlinkStreamOracle
    uint64 public immutable spotMaxAge;
    /// @inheritdoc IChainlinkStreamOracle
    uint64 public immutable latestMaxAge;
    /// @inheritdoc IOracle
    uint256 public immutable deviationThreshold;

    /// @dev Report price × this ÷ quote answer is the price: one unit of the quote feed.
    uint256 private immutable _scale;
    address private immutable _quoteProxy;
    uint64 private immutable _quoteMaxAge;
    int256 private immutable _quoteMinAnswer;
    int256 private immutable _quoteMaxAnswer;

    KnownPrice private _newest;
    /// @dev See {GivenPrices}.
    mapping(uint256 slot => uint256 marks) private _given;
    mapping(uint256 observedAt => Evidence evidence) private _evidence;

    constructor(StreamOracleParameters memory parameters) SequencerCheck(parameters.sequencerFeed) {
        require(parameters.verifierProxy != address(0), ZeroAddress());
        bytes2 schema = bytes2(parameters.feedId);
        require(schema == StreamReports.SCHEMA, ReportSchemaNotSupported(schema));
        ParameterBounds.check("maxSpread", parameters.maxSpread, 0.0001e18, 0.1e18);
        ParameterBounds.check("spotMaxAge", parameters.spotMaxAge, 1, 60);
        ParameterBounds.check("latestMaxAge", parameters.latestMaxAge, parameters.spotMaxAge, 1 days);
        ParameterBounds.check("deviationThreshold", parameters.deviationThreshold, 0, 0.1e18);
        // Something else than a verifier proxy fails here, and not at the first order.
        IReportVerifier(parameters.verifierProxy).s_feeManager();

        verifierProxy = parameters.verifierProxy;
        feedId = parameters.feedId;
        maxSpread = parameters.maxSpread;
        (spotMaxAge, latestMaxAge) = (parameters.spotMaxAge, parameters.latestMaxAge);
        deviationThreshold = parameters.deviationThreshold;

        FeedParameters memory quote = parameters.quote;
        _scale = quote.proxy == address(0) ? 1 : 10 ** quote.checkedDecimals();
        (_quoteProxy, _quoteMaxAge) = (quote.proxy, quote.maxAge);
        (_quoteMinAnswer, _quoteMaxAnswer) = (quote.minAnswer, quote.maxAnswer);
    }

    /// @notice Takes back what the fee manager did not need.
    receive() external payable {
        require(msg.sender == IReportVerifier(verifierProxy).s_feeManager(), NotAuthorized(msg.sender));
    }

    /// @inheritdoc IOracle
    function verify(bytes calldata proof) external payable returns (Price memory price) {
        (bytes calldata signedReport, uint256 quoteRoundId) = _decode(proof);
        Report memory report = _priceIn(signedReport);
        require(_isShort(report), ReportSpanTooLong(report.validFrom, report.observedAt, _MAX_SPAN));
        price = _toPrice(report, _quoteAt(report.observedAt, quoteRoundId));
        _given.give(report.validFrom, report.observedAt, price.value);
        _keepNewest(price);
        _requireVerified(signedReport);
    }

    /// @inheritdoc IOracle
    function spot(bytes calldata proof) external payable returns (Price memory price) {
        (bytes calldata signedReport, uint256 quoteRoundId) = _decode(proof);
        require(quoteRoundId == 0, ProofMalformed(proof));
        Report memory report = _priceIn(signedReport);
        _requireYoung(report.observedAt, spotMaxAge);
        price = _toPrice(report, _quoteProxy == address(0) ? int256(1) : quoteFeed().obtainNewest().answer);
        _keepNewest(price);
        _requireVerified(signedReport);
    }

    /// @inheritdoc IChainlinkStreamOracle
    function recordReport(bytes calldata signedReport) external payable {
        Report memory report = signedReport.dataOf().read(feedId);
        report.requireTimes();
        Evidence storage evidence = _evidence[report.observedAt];
        if (!evidence.recorded) {
            bool usable = _isShort(report) && report.isPrice(maxSpread);
            uint64 validFrom = uint64(report.validFrom);
            (evidence.validFrom, evidence.recorded, evidence.usable) = (validFrom, true, usable);
            emit ReportRecorded(uint64(report.observedAt), validFrom, usable);
        }
        _requireVerified(signedReport);
    }

    /// @inheritdoc IOracle
    function latest() external view returns (uint256 price, uint64 observedAt) {
        _upSince();
        KnownPrice memory newest = _newest;
        _requireYoung(newest.observedAt, latestMaxAge);
        return (newest.value, newest.observedAt);
    }

    /// @inheritdoc IOracle
    /// @dev A report that covers `from` is the only one that does: where it came after `until` or is no price, nothing
    /// served. That no report covers `from` cannot be shown.
    function hadNoPrice(uint64 from, uint64 until, bytes calldata proof) external view returns (bool absent) {
        if (proof.length != 2 * _WORD || from > until || until >= block.timestamp) return false;
        (uint256 observedAt, uint256 quoteRoundId) = abi.decode(proof, (uint256, uint256));
        Evidence memory evidence = _evidence[observedAt];
        if (!evidence.recorded || from < evidence.validFrom || from > observedAt) return false;
        if (observedAt > until || !evidence.usable) return true;
        if (_quoteProxy == address(0) || quoteRoundId > type(uint80).max) return false;
        return quoteFeed().hadNone(uint80(quoteRoundId), observedAt);
    }

    /// @inheritdoc IOracle
    function upSince() external view returns (uint64 time) {
        return _upSince();
    }

    /// @inheritdoc IOracle
    function minInitialMarginRatio() external pure returns (uint256 ratio) {
        return _MIN_INITIAL_MARGIN_RATIO;
    }

    /// @inheritdoc IChainlinkStreamOracle
    function quoteFeed() public view returns (FeedParameters memory feed) {
        return FeedParameters(_quoteProxy, _quoteMaxAge, _quoteMinAnswer, _quoteMaxAnswer);
    }

    function _keepNewest(Price memory price) private {
        if (price.observedAt > _newest.observedAt) _newest = KnownPrice(price.value.toUint192(), price.observedAt);
    }

    /// @dev The last step: everything before it holds only if this does. Ether that the fee did not take goes back.
    function _requireVerified(bytes calldata signedReport) private {
        IReportVerifier proxy = IReportVerifier(verifierProxy);
        address fees = proxy.s_feeManager();
        bool free = fees == address(0);
        bytes memory parameters = free ? bytes("") : abi.encode(IReportFees(fees).i_nativeAddress());
        bytes32 verified = keccak256(proxy.verify{value: free ? 0 : msg.value}(signedReport, parameters));
        bytes32 shown = keccak256(signedReport.dataOf());
        require(verified == shown, ReportNotVerified(verified, shown));

        uint256 left = address(this).balance;
        if (left == 0) return;
        (bool returned, ) = msg.sender.call{value: left}("");
        require(returned, EtherNotAccepted(msg.sender, left));
    }

    /// @dev A report that is believed as soon as its signatures are.
    function _priceIn(bytes calldata signedReport) private view returns (Report memory report) {
        report = signedReport.dataOf().read(feedId);
        report.requireTimes();
        require(report.expiresAt >= block.timestamp, ReportExpired(report.expiresAt, block.timestamp));
        report.requirePrice(maxSpread);
    }

    /// @dev The answer of the quote feed in force at `time`, which nobody can choose once that second is over.
    function _quoteAt(uint256 time, uint256 roundId) private view returns (int256 answer) {
        if (_quoteProxy == address(0)) return 1;
        require(time < block.timestamp, ObservationSecondNotOver(time, block.timestamp));
        FeedParameters memory feed = quoteFeed();
        Round memory quote = feed.obtain(uint80(roundId));
        require(
            quote.updatedAt <= time && time < quote.nextAt,
            QuoteNotInForce(quote.id, quote.updatedAt, quote.nextAt, time, time + 1)
        );
        feed.requireFresh(quote, time);
        return quote.answer;
    }

    /// @dev The composite rounds down: by less than 1e-18, in favour of neither side.
    function _toPrice(Report memory report, int256 quoteAnswer) private view returns (Price memory price) {
        price.value = (uint256(report.price) * _scale) / uint256(quoteAnswer);
        require(price.value != 0, PriceRoundsToZero(report.price, quoteAnswer));
        price.validFrom = uint64(report.validFrom);
        price.observedAt = uint64(report.observedAt);
        price.validUntil = price.observedAt;
        price.upSince = _upSince();
        price.kind = ProofKind.Report;
    }

    function _requireYoung(uint256 observedAt, uint256 maxAge) private view {
        require(block.timestamp <= observedAt + maxAge, ReportTooOld(observedAt, block.timestamp, maxAge));
    }

    /// @dev One encoding for one proof: an offset, the round's id, the report and nothing behind it.
    function _decode(bytes calldata proof) private view returns (bytes calldata report, uint256 quoteRoundId) {
        uint256 start = _REPORT_AT + _WORD;
        require(proof.length >= start, ProofMalformed(proof));
        quoteRoundId = uint256(bytes32(proof[_WORD:_REPORT_AT]));
        uint256 length = uint256(bytes32(proof[_REPORT_AT:start]));
        bool canonical =
            uint256(bytes32(proof[:_WORD])) == _REPORT_AT &&
                length <= proof.length - start &&
                proof.length - start - length < _WORD;
        require(canonical && quoteRoundId <= (_quoteProxy == address(0) ? 0 : type(uint80).max), ProofMalformed(proof));
        return (proof[start:start + length], quoteRoundId);
    }

    function _isShort(Report memory report) private pure returns (bool) {
        return report.observedAt - report.validFrom < _MAX_SPAN;
    }
}
