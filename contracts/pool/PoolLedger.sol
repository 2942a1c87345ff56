// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {ILiquidityVault} from "../interfaces/ILiquidityVault.sol";
import {IMargin} from "../interfaces/IMargin.sol";
import {IMarginVault} from "../interfaces/IMarginVault.sol";
import {IMarketFactory, MarketAddresses} from "../interfaces/IMarketFactory.sol";
import {IOracle} from "../interfaces/IOracle.sol";
import {IReserveLedger} from "../interfaces/IReserveLedger.sol";
import {ParameterBounds} from "../libraries/ParameterBounds.sol";
import {TokenScale} from "../libraries/TokenScale.sol";
import {WadMath} from "../libraries/WadMath.sol";
import {MarketParameters, PoolParameters} from "../types/MarketParameters.sol";

/// @title PoolLedger
/// @notice The pool's parameters, its cash and reserves, and every movement of its token.
abstract contract PoolLedger is ILiquidityVault {
    using SafeCast for uint256;
    using SafeERC20 for IERC20;
    using WadMath for uint256;

    IMarginVault internal immutable _marginVault;
    IOracle internal immutable _oracle;
    IERC20 internal immutable _token;
    uint256 internal immutable _scale;
    uint256 internal immutable _skewScale;
    uint256 internal immutable _maxUtilization;
    uint256 internal immutable _minNavRatio;
    uint64 internal immutable _depositDelay;
    uint64 internal immutable _redeemDelay;
    uint64 internal immutable _settleGrace;
    uint256 internal immutable _minRequestToken;
    uint256 internal immutable _requestFeeToken;

    /// @dev Always a whole number of token units [WAD quote].
    uint128 internal _cash;
    /// @dev Sum of reserves [WAD quote].
    uint128 internal _reserved;
    /// @dev Pending deposits and everything claimable [token]. LAW-2: tokens held ≥ cash + this, cash ≥ reserves.
    uint128 internal _owedToken;
    uint64 private _sequence;

    /// @inheritdoc ILiquidityVault
    mapping(address account => uint256 amountToken) public claimable;

    modifier onlyMarginVault() {
        require(msg.sender == address(_marginVault), NotAuthorized(msg.sender));
        _;
    }

    /// @dev Holds the market's one lock, which lives in MarginVault.
    modifier exclusive() {
        _marginVault.lock();
        _;
        _marginVault.unlock();
    }

    constructor() {
        (MarketParameters memory market, MarketAddresses memory addresses) = IMarketFactory(msg.sender).deployment();
        _marginVault = IMarginVault(addresses.marginVault);
        _oracle = IOracle(market.oracle);
        _token = IERC20(market.collateralToken);
        uint256 scale = TokenScale.scaleOf(IERC20Metadata(market.collateralToken).decimals());
        _scale = scale;
        _skewScale = market.curves.skewScale;
        PoolParameters memory pool = market.pool;
        ParameterBounds.checkPool(pool, scale);
        _maxUtilization = pool.maxUtilization;
        _minNavRatio = pool.minNavRatio;
        _depositDelay = pool.depositDelay;
        _redeemDelay = pool.redeemDelay;
        _settleGrace = pool.settleGrace;
        _minRequestToken = pool.minRequestToken;
        _requestFeeToken = pool.requestFeeToken;
    }

    /// @inheritdoc IReserveLedger
    function lockReserve(uint256 amount) external onlyMarginVault returns (uint256 newCash, uint256 newReserved) {
        newCash = _cash;
        newReserved = _reserved + amount;
        require(
            newReserved <= newCash.mulWadDown(_maxUtilization),
            UtilizationExceeded(newReserved, newCash, _maxUtilization)
        );
        // Bounded by cash, which fits.
        _reserved = uint128(newReserved);
    }

    /// @inheritdoc IReserveLedger
    function releaseReserve(
        uint256 released,
        uint256 paid,
        address account
    ) external onlyMarginVault returns (uint256 newCash, uint256 newReserved, bool delivered) {
        require(paid <= released, PaymentExceedsRelease(paid, released));
        uint256 amountToken = TokenScale.toTokenDown(paid, _scale);
        newCash = _cash - TokenScale.toWad(amountToken, _scale);
        newReserved = _reserved - released;
        // Both only shrink.
        (_cash, _reserved) = (uint128(newCash), uint128(newReserved));
        delivered = amountToken == 0 || _token.trySafeTransfer(msg.sender, amountToken);
        if (!delivered) _defer(account, amountToken);
    }

    /// @inheritdoc IReserveLedger
    function receiveDues(uint256 amount) external onlyMarginVault returns (uint256 newCash, uint256 newReserved) {
        // A token that has begun to take a fee delivers less: only what is here becomes cash (LAW-2).
        uint256 booked = uint256(_cash) / _scale + _owedToken;
        uint256 held = _token.balanceOf(address(this));
        uint256 arrived = held > booked ? held - booked : 0;
        uint256 sent = TokenScale.toTokenDown(amount, _scale);
        newCash = _cash + TokenScale.toWad(sent < arrived ? sent : arrived, _scale);
        newReserved = _reserved;
        _cash = newCash.toUint128();
    }

    /// @inheritdoc ILiquidityVault
    function claim(address receiver) external exclusive returns (uint256 amountToken) {
        require(receiver != address(0), ZeroAddress());
        amountToken = claimable[msg.sender];
        require(amountToken != 0, IMargin.NothingToClaim(msg.sender));
        claimable[msg.sender] = 0;
        emit Claimed(_nextSequence(), msg.sender, receiver, amountToken);
        _payOwed(receiver, amountToken);
    }

    /// @inheritdoc IReserveLedger
    function cash() external view returns (uint256) {
        return _cash;
    }

    /// @inheritdoc IReserveLedger
    function reserved() external view returns (uint256) {
        return _reserved;
    }

    /// @inheritdoc ILiquidityVault
    function owedToken() external view returns (uint256) {
        return _owedToken;
    }

    /// @inheritdoc ILiquidityVault
    function sequence() external view returns (uint256) {
        return _sequence;
    }

    /// @inheritdoc ILiquidityVault
    function parameters() external view returns (PoolParameters memory) {
        return
            PoolParameters({
                maxUtilization: _maxUtilization,
                minNavRatio: _minNavRatio,
                depositDelay: _depositDelay,
                redeemDelay: _redeemDelay,
                settleGrace: _settleGrace,
                minRequestToken: _minRequestToken,
                requestFeeToken: _requestFeeToken
            });
    }

    /// @inheritdoc ILiquidityVault
    function tokenScale() external view returns (uint256) {
        return _scale;
    }

    /// @inheritdoc ILiquidityVault
    function marginVault() external view returns (address) {
        return address(_marginVault);
    }

    /// @inheritdoc ILiquidityVault
    function oracle() external view returns (address) {
        return address(_oracle);
    }

    function _nextSequence() internal returns (uint256) {
        return ++_sequence;
    }

    /// @dev Takes exactly `amountToken` in, as owed until it becomes cash.
    function _pullOwed(address account, uint256 amountToken) internal {
        _owedToken += amountToken.toUint128();
        uint256 held = _token.balanceOf(address(this));
        _token.safeTransferFrom(account, address(this), amountToken);
        uint256 received = _token.balanceOf(address(this)) - held;
        require(received == amountToken, TokenTransferMismatch(amountToken, received));
    }

    /// @dev Pays what was owed; reverts when the token refuses.
    function _payOwed(address receiver, uint256 amountToken) internal {
        _owedToken -= uint128(amountToken);
        _token.safeTransfer(receiver, amountToken);
    }

    /// @dev Pays what is neither cash nor owed; a transfer that fails becomes claimable.
    function _payOrDefer(address account, uint256 amountToken) internal {
        if (amountToken == 0 || _token.trySafeTransfer(account, amountToken)) return;
        _defer(account, amountToken);
    }

    function _defer(address account, uint256 amountToken) private {
        claimable[account] += amountToken;
        _owedToken += uint128(amountToken);
        emit PayoutDeferred(_nextSequence(), account, amountToken);
    }
}
