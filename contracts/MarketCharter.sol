// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {Change, ChangeKind, DeadOracleNotice, IMarketCharter} from "./interfaces/IMarketCharter.sol";
import {IMarketFactory, MarketAddresses} from "./interfaces/IMarketFactory.sol";
import {IOracle} from "./interfaces/IOracle.sol";
import {ParameterBounds} from "./libraries/ParameterBounds.sol";
import {TermsMath} from "./libraries/TermsMath.sol";
import {TokenScale} from "./libraries/TokenScale.sol";
import {CharterFacts} from "./modules/CharterFacts.sol";
import {MarketParameters} from "./types/MarketParameters.sol";
import {Terms, TermsWords} from "./types/Terms.sol";

/// @title MarketCharter
/// @notice Who may change what of a market, and how long everybody is warned. Holds no tokens.
contract MarketCharter is CharterFacts, Initializable {
    using SafeCast for uint256;

    bytes32 private constant _CURATOR = "curator";
    bytes32 private constant _GUARDIAN = "guardian";
    /// @dev How long increases stay stopped, and how long they then cannot be stopped again [s].
    uint64 private constant _STOP = 7 days;
    /// @dev How long a change may be enacted; a forgotten one must not come as a surprise [s].
    uint64 private constant _ENACTMENT_WINDOW = 14 days;

    mapping(bytes32 role => address holder) private _holders;
    mapping(bytes32 role => address heir) private _heirs;
    mapping(uint256 termsId => Terms terms) private _terms;
    mapping(uint256 changeId => Change change) private _changes;
    /// @inheritdoc IMarketCharter
    uint256 public changeCount;
    /// @inheritdoc IMarketCharter
    uint256 public latestTermsId;
    /// @inheritdoc IMarketCharter
    uint256 public maxOpenInterest;
    /// @dev Least {ParameterBounds-slopeOf} of all terms ever published: positions under the oldest may still be open [WAD].
    uint256 private _leastSlope;
    /// @inheritdoc IMarketCharter
    address public protocolFeeReceiver;
    /// @inheritdoc IMarketCharter
    uint64 public increasesStoppedUntil;
    /// @inheritdoc IMarketCharter
    uint64 public nextStopFrom;
    uint64 private _noticeGivenAt;
    uint64 private _noticeClock;

    modifier onlyRole(bytes32 role) {
        require(msg.sender == _holders[role], NotAuthorized(msg.sender));
        _;
    }

    /// @dev Locks the implementation; each market's charter is a clone.
    constructor() {
        _disableInitializers();
    }

    /// @inheritdoc IMarketCharter
    function initialize() external initializer {
        (MarketParameters memory parameters, MarketAddresses memory addresses_) = IMarketFactory(msg.sender)
            .deployment();
        uint256 scale = TokenScale.scaleOf(IERC20Metadata(parameters.collateralToken).decimals());
        uint256 leastRatio = IOracle(parameters.oracle).minInitialMarginRatio();
        ParameterBounds.checkTerms(parameters.terms, leastRatio, scale);
        _setFacts(parameters, addresses_, scale);
        (_holders[_CURATOR], _holders[_GUARDIAN]) = (parameters.powers.curator, parameters.powers.guardian);
        protocolFeeReceiver = parameters.protocolFeeReceiver;
        maxOpenInterest = parameters.maxOpenInterest;
        _leastSlope = type(uint256).max;
        _checkOpenInterest(maxOpenInterest, _slopeWith(parameters.terms));
        _storeTerms(parameters.terms);
    }

    /// @inheritdoc IMarketCharter
    function announceTerms(Terms calldata terms_) external onlyRole(_CURATOR) returns (uint256 changeId) {
        _checkTerms(terms_);
        _checkOpenInterest(maxOpenInterest, _slopeWith(terms_));
        return _announce(ChangeKind.Terms, abi.encode(terms_));
    }

    /// @inheritdoc IMarketCharter
    function announceMaxOpenInterest(uint256 maxOpenInterest_) external onlyRole(_CURATOR) returns (uint256 changeId) {
        _checkOpenInterest(maxOpenInterest_, _leastSlope);
        return _announce(ChangeKind.MaxOpenInterest, abi.encode(maxOpenInterest_));
    }

    /// @inheritdoc IMarketCharter
    function announceProtocolFeeReceiver(address receiver) external onlyRole(_CURATOR) returns (uint256 changeId) {
        require(receiver != address(0), ZeroAddress());
        return _announce(ChangeKind.ProtocolFeeReceiver, abi.encode(receiver));
    }

    /// @inheritdoc IMarketCharter
    function enact(uint256 changeId) external {
        Change memory change = _changes[changeId];
        require(change.enactableAt != 0, ChangeNotFound(changeId));
        require(block.timestamp >= change.enactableAt, ChangeTooEarly(changeId, change.enactableAt));
        uint256 lapsedAt = uint256(change.enactableAt) + _ENACTMENT_WINDOW;
        require(block.timestamp < lapsedAt, ChangeLapsed(changeId, lapsedAt));
        delete _changes[changeId];
        emit ChangeEnacted(changeId);
        if (change.kind == ChangeKind.Terms) {
            Terms memory terms_ = abi.decode(change.value, (Terms));
            // Other changes may have been enacted in between.
            _checkOpenInterest(maxOpenInterest, _slopeWith(terms_));
            _marginVault.publishTerms(_storeTerms(terms_));
        } else if (change.kind == ChangeKind.MaxOpenInterest) {
            maxOpenInterest = abi.decode(change.value, (uint256));
            _checkOpenInterest(maxOpenInterest, _leastSlope);
            _setLimits();
        } else {
            protocolFeeReceiver = abi.decode(change.value, (address));
        }
    }

    /// @inheritdoc IMarketCharter
    function withdraw(uint256 changeId) external onlyRole(_CURATOR) {
        require(_changes[changeId].enactableAt != 0, ChangeNotFound(changeId));
        delete _changes[changeId];
        emit ChangeWithdrawn(changeId);
    }

    /// @inheritdoc IMarketCharter
    function stopIncreases() external onlyRole(_GUARDIAN) {
        require(block.timestamp >= nextStopFrom, StopTooSoon(nextStopFrom));
        _stopUntil(uint64(block.timestamp) + _STOP);
    }

    /// @inheritdoc IMarketCharter
    function resumeIncreases() external onlyRole(_GUARDIAN) {
        if (increasesStoppedUntil > block.timestamp) _stopUntil(uint64(block.timestamp));
    }

    /// @inheritdoc IMarketCharter
    function offerRole(bytes32 role, address heir) external onlyRole(role) {
        _heirs[role] = heir;
        emit RoleOffered(role, msg.sender, heir);
    }

    /// @inheritdoc IMarketCharter
    function acceptRole(bytes32 role) external {
        require(msg.sender == _heirs[role], NotAuthorized(msg.sender));
        delete _heirs[role];
        _holders[role] = msg.sender;
        emit RoleAccepted(role, msg.sender);
    }

    /// @inheritdoc IMarketCharter
    function declareOracleDead() external {
        DeadOracleNotice memory notice = deadOracleNotice();
        require(!notice.stands, NoticeStands(notice.settleableAt));
        uint64 clock = _marginVault.market().clock;
        uint256 notBefore = uint256(clock > _createdAt ? clock : _createdAt) + _powers.deadOracleDelay;
        require(block.timestamp >= notBefore, OracleNotDead(clock, notBefore));
        (_noticeGivenAt, _noticeClock) = (uint64(block.timestamp), clock);
        emit OracleDeclaredDead(clock, block.timestamp + _powers.deadOracleNotice);
    }

    /// @inheritdoc IMarketCharter
    function settle() external {
        DeadOracleNotice memory notice = deadOracleNotice();
        require(notice.stands, NoNotice());
        require(block.timestamp >= notice.settleableAt, NoticeRuns(notice.settleableAt));
        _marginVault.settleMarket();
    }

    /// @inheritdoc IMarketCharter
    function payProtocolFees() external returns (uint256 amountToken) {
        return _marginVault.releaseProtocolFees(protocolFeeReceiver);
    }

    /// @inheritdoc IMarketCharter
    function changeOf(uint256 changeId) external view returns (Change memory) {
        return _changes[changeId];
    }

    /// @inheritdoc IMarketCharter
    function terms(uint256 termsId) external view returns (Terms memory) {
        return _terms[termsId];
    }

    /// @inheritdoc IMarketCharter
    function holderOf(bytes32 role) external view returns (address) {
        return _holders[role];
    }

    /// @inheritdoc IMarketCharter
    function heirOf(bytes32 role) external view returns (address) {
        return _heirs[role];
    }

    /// @inheritdoc IMarketCharter
    function deadOracleNotice() public view returns (DeadOracleNotice memory notice) {
        notice.givenAt = _noticeGivenAt;
        notice.clock = _noticeClock;
        if (notice.givenAt == 0) return notice;
        notice.settleableAt = notice.givenAt + _powers.deadOracleNotice;
        notice.stands = _marginVault.market().clock == notice.clock;
    }

    function _announce(ChangeKind kind, bytes memory value) private returns (uint256 changeId) {
        changeId = ++changeCount;
        uint64 enactableAt = uint64(block.timestamp) + _powers.changeDelay;
        _changes[changeId] = Change({kind: kind, enactableAt: enactableAt, value: value});
        emit ChangeAnnounced(changeId, kind, enactableAt, value);
    }

    function _storeTerms(Terms memory terms_) private returns (TermsWords memory words) {
        require(latestTermsId < type(uint8).max, TermsExhausted());
        _leastSlope = _slopeWith(terms_);
        _terms[++latestTermsId] = terms_;
        (words.margins, words.trades) = TermsMath.pack(terms_);
        emit TermsPublished(latestTermsId, terms_);
    }

    function _stopUntil(uint64 stoppedUntil) private {
        (increasesStoppedUntil, nextStopFrom) = (stoppedUntil, stoppedUntil + _STOP);
        emit IncreasesStopChanged(stoppedUntil, nextStopFrom);
        _setLimits();
    }

    function _setLimits() private {
        _marginVault.setLimits(maxOpenInterest.toUint128(), increasesStoppedUntil);
    }

    function _checkTerms(Terms memory terms_) private view {
        ParameterBounds.checkTerms(terms_, IOracle(oracle).minInitialMarginRatio(), tokenScale);
        ParameterBounds.check("positionFeeRatio", terms_.positionFeeRatio, 0, _maxPositionFee);
        TermsMath.pack(terms_);
    }

    function _checkOpenInterest(uint256 maxOpenInterest_, uint256 slope) private view {
        ParameterBounds.checkOpenInterest(maxOpenInterest_, _curves.skewScale, slope);
    }

    function _slopeWith(Terms memory terms_) private view returns (uint256 slope) {
        slope = ParameterBounds.slopeOf(terms_);
        if (slope > _leastSlope) slope = _leastSlope;
    }
}
